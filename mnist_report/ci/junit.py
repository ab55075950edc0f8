"""JUnit XML, which GitHub, GitLab, Jenkins and Azure read: a test case for each gate."""

from xml.etree import ElementTree as ET

from mnist_report.gates.verdict import Result, Verdict
from mnist_report.report.plain import plain
from mnist_report.report.verdict_text import result_sentence


def junit_xml(verdict: Verdict, *, suite: str, created: str) -> str:
    """The verdict as a JUnit file.

    A gate that fails, or blocks because it is inconclusive, is a failure; one that could not be decided an error; a
    waived one is skipped; all others passed, with their sentence as output.

    Args:
        verdict: of a run.
        suite: the name of the suite.
        created: when, ISO 8601.
    """
    kinds = [_kind(verdict, result) for result in verdict.results]
    counts = {
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "skipped": kinds.count("skipped"),
    }
    numbers = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": plain(suite), **numbers, "time": "0"})
    element = ET.SubElement(
        root, "testsuite", {"name": plain(suite), **numbers, "time": "0", "timestamp": created[:19]}
    )
    for result, kind in zip(verdict.results, kinds, strict=True):
        case = ET.SubElement(
            element, "testcase", {"name": plain(result.gate.name), "classname": "mnist-report.gates", "time": "0"}
        )
        said = plain(result_sentence(result))
        if kind == "system-out":
            ET.SubElement(case, kind).text = f"{result.outcome}: {said}"
        elif kind == "skipped":
            ET.SubElement(case, kind, {"message": said})
        else:
            ET.SubElement(case, kind, {"type": result.outcome, "message": said}).text = said
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _kind(verdict: Verdict, result: Result) -> str:
    if result.outcome == "ERROR":
        return "error"
    if result.outcome == "WAIVED":
        return "skipped"
    return "failure" if verdict.blocks(result) else "system-out"
