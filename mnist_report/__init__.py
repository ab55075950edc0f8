"""Turn a digit classifier and a labelled test set into trustworthy numbers and a report to share."""

__version__ = "0.1.0"
