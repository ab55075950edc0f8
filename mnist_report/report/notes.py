"""The notes of whoever ran it: Markdown becomes HTML that can do no harm."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.token import Token

# Below the section's own heading.
HIGHEST, LOWEST = 3, 6
# Marks inside one another, such as emphasis; what is deeper keeps its words. WeasyPrint fails on some hundred.
MOST_NESTED = 16
LINKS = ("http://", "https://", "mailto:")
TAGS = {
    *("h3", "h4", "h5", "h6", "p", "blockquote", "pre", "code", "hr", "br", "em", "strong", "a", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"style"}, "td": {"style"}}


def notes_html(markdown: str) -> str:
    """CommonMark with tables as HTML without scripts, images, ids, classes or anything that is loaded.

    The highest heading becomes an h3. What is not Markdown, such as HTML, is text, and so is a link that leads to
    anything but http, https or mailto.
    """
    import nh3
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    # The library's way to say which links there are; any other stays the text that it is.
    parser.validateLink = _is_link  # type: ignore[assignment,method-assign]
    parser.add_render_rule("image", _alternative)
    tokens = parser.parse(markdown)
    _shift_headings(tokens)
    for token in tokens:
        token.children = None if token.children is None else _flat(token.children)
    # Cleaned as well: one library's mistake shall not be enough.
    html: str = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
        filter_style_properties={"text-align"},
    )
    return html


def _is_link(address: str) -> bool:
    return address.lower().startswith(LINKS)


def _kept(tag: str, attribute: str, value: str) -> str | None:  # noqa: ARG001  the library's order
    return None if attribute == "href" and not _is_link(value) else value


def _alternative(renderer: Any, tokens: list["Token"], index: int, options: Any, environment: Any) -> str:
    """Of an image, only what it shows in words."""
    from markdown_it.common.utils import escapeHtml

    return escapeHtml(renderer.renderInlineAsText(tokens[index].children, options, environment))


def _shift_headings(tokens: Iterable["Token"]) -> None:
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=HIGHEST)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + HIGHEST, LOWEST)}"


def _flat(tokens: Iterable["Token"]) -> list["Token"]:
    """Without the marks that are nested too deep."""
    depth, kept = 0, []
    for token in tokens:
        depth += min(token.nesting, 0)
        if token.nesting == 0 or depth < MOST_NESTED:
            kept.append(token)
        depth += max(token.nesting, 0)
    return kept
