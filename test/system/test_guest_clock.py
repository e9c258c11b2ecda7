#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
"""Clocks over stops at random points: no counter goes back, on a CPU or from
CPU to CPU, no timer interrupt comes early, twice or not at all, no PMU cycles
pass while stopped, and guest time goes on exactly while the guest runs.
HYPERSTUB_STOPS=10000 makes it so many stops; else some seconds' worth."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import sys
import time

from bare import Rsp, start, run_to, symbols_of
from harness import Gdb, Guest, Report, must, same

CPUS = 4
HZ = 62_500_000
# as struct per_cpu has them
FIELDS = ("passes", "backwards", "disorder", "cycles_ahead", "spurious",
          "vticks", "pticks", "vearly", "pearly", "vstuck", "pstuck",
          "vlate", "plate", "first", "last", "cycles", "worst", "ended",
          "never")
WRONG = ("backwards", "disorder", "cycles_ahead", "vearly", "pearly",
         "vstuck", "pstuck", "never")
PERIODS = {"vticks": HZ // 500, "pticks": HZ // 320}
CNTVCT = 3 << 14 | 3 << 11 | 14 << 7 | 2
STOPS = int(os.environ.get("HYPERSTUB_STOPS", "0"))
SECONDS = 12


class Run:
    """The guest at its clocks, a raw client, the host's clock beside."""

    def __init__(self, rsp: Rsp, native: bool, seed: int) -> None:
        self.rsp, self.native = rsp, native
        self.names = symbols_of("clock")
        self.random = random.Random(seed)
        self.held = 0.0
        self.stops = 0

    def begin(self) -> None:
        """All CPUs at their loops, after some stops with timers that are on
        and never due."""
        for _ in range(20):
            self.once()
        self.stops, self.held = 0, 0.0
        must(self.rsp.ask(f"M{self.names['keep_never']:x},8:" + "0" * 16)
             == "OK")
        self.rsp.send("vCont;c")
        time.sleep(0.2)
        self.stop()
        self.begun = time.monotonic()
        self.guest_begun = self.counter()

    def stop(self) -> None:
        """^C."""
        self.rsp.peer.sendall(b"\x03")
        reply = self.rsp.reply()
        must(reply.startswith("T02"), reply)

    def counter(self) -> int:
        """CNTVCT_EL0 as the stopped guest has it."""
        return self.rsp.register(CNTVCT) if not self.native else \
            max(cpu["ended"] for cpu in self.cpus()) + HZ

    def cpus(self) -> list[dict[str, int]]:
        """struct per_cpu of each."""
        size = 256
        raw = self.rsp.read(self.names["per"], CPUS * size)
        return [dict(zip(FIELDS, struct.unpack_from(f"<{len(FIELDS)}Q", raw,
                                                    n * size)))
                for n in range(CPUS)]

    def once(self) -> None:
        """Stopped, for a moment or longer, then on to some other point."""
        came = time.monotonic()
        if self.random.random() < 0.03:
            time.sleep(self.random.random() * 0.1)
        self.held += time.monotonic() - came
        self.rsp.send("vCont;c")
        time.sleep(self.random.random() * 0.004)
        self.stop()
        self.stops += 1

    def many(self) -> None:
        """So many as were asked for, or as there is time for."""
        end = time.monotonic() + SECONDS
        while self.stops < STOPS if STOPS else time.monotonic() < end:
            self.once()

    def drift(self) -> tuple[float, float]:
        """Seconds that the guest's clock went on, and that it was not held
        for sure. What a stop and a continuation take on their way is held
        too."""
        guest = (self.counter() - self.guest_begun) / HZ
        return guest, time.monotonic() - self.begun - self.held


def check_clocks(report: Report, run: Run) -> None:
    """What the guest has found."""
    cpus = run.cpus()
    with report.case(f"{run.stops or 'no'} stops: every clock is in order"):
        for number, cpu in enumerate(cpus):
            same({name: cpu[name] for name in WRONG if cpu[name]}, {},
                 f"CPU {number}: (ticks off by {cpu['worst']})")
    with report.case("each timer interrupt came once"):
        for number, cpu in enumerate(cpus):
            for name, period in PERIODS.items():
                due = (cpu["ended"] - cpu["first"]) // period
                # More may have come due until the timers were off.
                later = (run.counter() - cpu["first"]) // period
                must(due <= cpu[name] <= later and due > 100,
                     f"CPU {number}: {cpu[name]} {name}, due were {due}")
    late = max(max(cpu["vlate"], cpu["plate"]) for cpu in cpus) / HZ
    print(f"# the latest interrupt came {late * 1e3:.1f} ms late; read as "
          f"1023: {sum(cpu['spurious'] for cpu in cpus)}")


def check_cycles(report: Report, run: Run) -> None:
    """PMU cycles are the guest's own."""
    with report.case("PMU cycles go on while the guest runs, and only then"):
        for number, cpu in enumerate(run.cpus()):
            gone = (cpu["last"] - cpu["first"]) * 16
            must(gone * 0.02 < cpu["cycles"] <= gone * 1.001,
                 f"CPU {number}: {cpu['cycles']} cycles in a time of {gone}")


def check_drift(report: Report, run: Run) -> None:
    """Guest time against the host's clock."""
    with report.case("guest time is the time that it ran"):
        guest, host = run.drift()
        each = (host - guest) / run.stops
        print(f"# {run.stops} stops, held {run.held:.2f} s: the guest's clock "
              f"went {guest:.3f} s in {host:.3f} s, {each * 1e6:.0f} us less "
              "a stop (both ways of the stop's packets)")
        must(guest <= host + 0.002, "time went by while stopped")
        must(guest > host * 0.05, "guest time stands still")


def session(report: Report, guest: Guest, native: bool) -> None:
    """Stops while it runs, then what came of it."""
    with Rsp(guest) as rsp:
        run = Run(rsp, native, 1)
        run.begin()
        if native:
            rsp.send("vCont;c")
            time.sleep(2)
            run.stop()
        else:
            run.many()
            check_drift(report, run)
        must(rsp.ask(f"M{run.names['keep_on']:x},8:" + "0" * 16) == "OK")
        rsp.send("vCont;c")
        with report.case("the guest comes to its end"):
            guest.console.wait("DONE\n", 60)
        run.stop()
        check_clocks(report, run)
        check_cycles(report, run)


def qemu_major() -> int:
    """QEMU's version."""
    text = subprocess.run([os.environ.get("QEMU", "qemu-system-aarch64"),
                           "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return int(re.search(r"version (\d+)", text)[1])


def main() -> int:
    report = Report()
    for cpu, native in (("cortex-a76", True), ("cortex-a76", False),
                        ("cortex-a57", False)):
        report.prefix = f"{cpu} {'native: ' if native else ''}"
        with Gdb() as gdb, start("clock", gdb, cpu, CPUS,
                                 native=native) as guest:
            run_to(gdb, "&checkpoint", 60)
            if native or qemu_major() >= 9:
                # before, CNTV_CVAL + CNTVOFF that wraps around hangs QEMU
                gdb.cmd("set var never[0] = -1")
            gdb.cmd("disconnect")
            session(report, guest, native)
    return report.end()


sys.exit(main())
