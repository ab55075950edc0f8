"""The errors that a user can cause and mend; each carries the exit status that the command ends with.

A message names the thing (file, key, index), what was found, what was expected and what to do.
Anything else that escapes is a bug in this program and ends with status 70.
"""


class MnistReportError(Exception):
    """Base of every expected error."""

    exit_status = 3


class ConfigError(MnistReportError):
    """The command line, the environment or the configuration file asks for something that does not exist."""

    exit_status = 2


class DataError(MnistReportError):
    """The images or labels cannot be read or do not fit together."""


class ModelError(MnistReportError):
    """The model cannot be loaded, does not fit the data, or its process died."""


class DeviceError(MnistReportError):
    """The device that was asked for by name is not there."""


class OutputError(MnistReportError):
    """A result cannot be written, or a stored run cannot be read back."""


class NewerHistoryError(OutputError):
    """The history was written by a later version of this program."""


class NoRoomError(OutputError):
    """The disk is full, or the quota used up."""


class LockedError(MnistReportError):
    """Another run is writing to the same folder."""

    exit_status = 5


class RenderError(MnistReportError):
    """A report cannot be drawn on this machine, for instance because Pango is missing."""


# What pyarrow and numpy raise on a damaged or foreign file.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, OverflowError, NotImplementedError)
