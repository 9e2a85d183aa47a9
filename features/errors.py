"""Failures a user can mend, each with the exit code it ends a command with.

A message names the file, the line where there is one, and the remedy.
"""


class Failure(Exception):
    """Something a user can mend; commands print it without a traceback."""

    exit_code = 2


class UsageFailure(Failure):
    """A command line, parameter, codebook or experiment file that does not mean anything."""


class AllRefusedFailure(Failure):
    """Every input was refused, so nothing is left to work on."""

    exit_code = 3


class IntegrityFailure(Failure):
    """A file is not what its manifest, its identifier or an audit says it must be."""

    exit_code = 4


class UntrustedModelFailure(Failure):
    """A model that is not plain data of a known schema."""

    exit_code = 5


class ResourceFailure(Failure):
    """Memory, disk, time or a server ran out."""

    exit_code = 6
