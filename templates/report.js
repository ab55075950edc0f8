"use strict";
// The page is complete without this; with it, tables sort and the gallery of mistakes can be filtered.

const number = (text) => {
  const found = text.replace(/,/g, "").match(/[-+]?\d+(\.\d+)?(e[-+]?\d+)?/);
  return found ? Number(found[0]) : -Infinity;
};

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") !== "descending";
      const key = (row) => row.cells[column].textContent.trim();
      const compare = head.classList.contains("number")
        ? (a, b) => number(key(a)) - number(key(b))
        : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
      const rows = [...table.tBodies[0].rows].sort((a, b) => (falling ? compare(b, a) : compare(a, b)));
      table.tBodies[0].append(...rows);
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    });
  });
}

const labelled = (text, control) => {
  const label = document.createElement("label");
  label.append(text, control);
  return label;
};

for (const gallery of document.querySelectorAll(".gallery.filterable")) {
  const images = [...gallery.querySelectorAll(".digit")];
  const choice = (field, text) => {
    const select = document.createElement("select");
    const names = new Set(images.map((image) => image.dataset[field]));
    select.append(new Option("any", ""));
    [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).forEach((name) => select.append(new Option(name, "=" + name)));
    return [select, labelled(text, select)];
  };
  const [actual, actualLabel] = choice("actual", "actual");
  const [predicted, predictedLabel] = choice("predicted", "predicted");
  const confidence = document.createElement("input");
  Object.assign(confidence, { type: "number", min: 0, max: 100, step: 1, value: 0 });
  const count = document.createElement("output");
  const form = document.createElement("div");
  form.className = "filter";
  // Predictions without probabilities have no confidence to filter by.
  const graded = images.every((image) => "confidence" in image.dataset);
  form.append(actualLabel, predictedLabel, ...(graded ? [labelled("confidence at least, %", confidence)] : []), count);
  const show = () => {
    let shown = 0;
    for (const image of images) {
      const { actual: is, predicted: said, confidence: sure } = image.dataset;
      const fits = (select, name) => select.value === "" || select.value === "=" + name;
      image.hidden = !(fits(actual, is) && fits(predicted, said) && (!graded || Number(sure) >= Number(confidence.value)));
      shown += !image.hidden;
    }
    count.textContent = `${shown} of ${images.length} shown`;
  };
  form.addEventListener("input", show);
  gallery.before(form);
  show();
  // A link to an image that the filter hides shows all of them again.
  addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      actual.value = predicted.value = "";
      confidence.value = 0;
      show();
      target.scrollIntoView();
    }
  });
}
