"""No signal between two steps."""

import os
import signal
import threading

import pytest

from mnist_report.runs.shield import SIGNALS, shielded


@pytest.fixture(autouse=True)
def interrupting():
    """Signals interrupt, as the command line sets them; afterwards they do what they did."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_until_the_steps_are_done(number):
    """And interrupts then."""
    done = []

    def work():
        with shielded():
            os.kill(os.getpid(), number)
            done.append("first")
            os.kill(os.getpid(), number)
            done.append("second")
        done.append("after")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["first", "second"]


def test_without_a_signal_the_handlers_are_as_before():
    """Whatever happens inside."""
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ValueError, match="inside"), shielded():
        raise ValueError("inside")
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_is_ignored_stays_ignored():
    """As `nohup` sets it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with shielded():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_thread_gets_no_signals_and_needs_no_shield():
    """Python would refuse to set a handler there."""
    done = []

    def work():
        with shielded():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
