#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 200 s
# needs: board
"""The board's DWC3 register by register, with no CPU and no driver but the
one in board_driver.py: what Linux never does, and what it must not do."""

from __future__ import annotations

import struct
import sys

from board_driver import (ACT, CHN, CMDIOC, COMMAND, COMPLETE, CONTROL, CSP,
                          DATA, HWO, IN, INT, IOC, ISP, LINK, LST, NORMAL,
                          NOT_READY, OUT, PROGRESS, SETUP_TRB, STATUS2, TRBS,
                          Board)
from harness import Report, must, same

report = Report("board registers: ")
SHORT, BY_IOC, BY_LST, BUSERR = 2, 4, 8, 1
STALLED, IOERROR, CANCELLED = 4, 3, 1


def registers() -> None:
    """What reads back, and the core's reset."""
    with Board() as b:
        with report.case("the core names itself; that cannot be changed"):
            same(b.r(0xc120), 0x5533330a, "GSNPSID")
            for offset in (0xc120, 0xc140, 0xc14c, 0xc15c, 0xc70c):
                before = b.r(offset)
                b.w(offset, ~before)
                same(b.r(offset), before, hex(offset))
        with report.case("reset values"):
            same(b.r(0xc700), 0x00080804, "DCFG")
            same(b.r(0xc70c) >> 22 & 1, 1, "DSTS.DEVCTRLHLT")
            same(b.r(0xc70c) >> 18 & 15, 4, "link: disconnected")
            same(b.r(0xc110) >> 12 & 3, 2, "GCTL.PRTCAPDIR")
        with report.case("DCTL.CSFTRST takes time, and what it keeps"):
            b.w(0xc720, 3)
            b.w(0xc408, 0x100)
            b.w(0xc110, b.r(0xc110) | 1)
            before = b.mistakes()
            b.w(0xc704, 1 << 30)
            same(b.r(0xc704) >> 30 & 1, 1, "CSFTRST at once")
            b.w(0xc720, 3)
            same(b.mistakes(), before + 1, "a write during it")
            b.q.step(10_000)
            same(b.r(0xc704) >> 30 & 1, 0, "CSFTRST later")
            same((b.r(0xc720), b.r(0xc408)), (0, 0), "DALEPENA, GEVNTSIZ")
            same(b.r(0xc110) & 1, 1, "GCTL")
        with report.case("where no register is"):
            before = b.mistakes()
            b.w(0x20, 1)
            same((b.r(0x20), b.mistakes()), (0, before + 1))


def commands() -> None:
    """DEPCMD's own rules."""
    with Board() as b:
        b.start()
        same(b.mistakes(), 0, "mistakes of a clean start")
        with report.case("CMDACT is set for a while"):
            b.w(0xc80c, 5 | ACT)
            must(b.r(0xc80c) & ACT, "CMDACT at once")
            b.q.step(1000)
            must(not b.r(0xc80c) & ACT, "CMDACT later")
        with report.case("a transfer's resource index comes back"):
            same(b.r(0xc80c) >> 12 & 15, 0)
            b.configure()
            b.trb(TRBS, DATA, 512, NORMAL, 0)
            for ep in (OUT, IN, INT):
                same(b.begin(ep, TRBS) >> 16 & 0x7f, b.resource(ep))
            same(b.mistakes(), 0)
        for name, act in (
                ("Start Transfer twice", lambda: b.begin(OUT, TRBS)),
                ("Start Transfer, not configured",
                 lambda: b.begin(9, TRBS))):
            with report.case(f"no resource: {name}"):
                before = b.mistakes()
                same(act() >> 12 & 15, 1, "status")
                must(b.mistakes() > before)
        for name, act in (
                ("Update Transfer with another's index",
                 lambda: b.command(OUT, 7 | 9 << 16)),
                ("End Transfer of no transfer",
                 lambda: b.command(9, 8)),
                ("no such command", lambda: b.command(0, 15)),
                ("without CMDACT", lambda: b.command(0, 5, act=0)),
                ("two IN endpoints on one FIFO",
                 lambda: b.configure_ep(7, 2, 512, 1)),
                ("a FIFO that is too small",
                 lambda: b.configure_ep(7, 2, 512, 0)),
                ("an endpoint that the core does not have",
                 lambda: b.command(20, 5)),
                ("a bulk type on endpoint 0",
                 lambda: b.configure_ep(0, 2, 64, action=2)),
                ("DEVSPD while running", lambda: b.w(0xc700, 1))):
            with report.case(f"a mistake: {name}"):
                before = b.mistakes()
                act()
                must(b.mistakes() > before, "was not noticed")
        with report.case("CMDIOC gives an event"):
            b.take_events()
            b.command(OUT, 5 | CMDIOC)
            same([e & 0xfff for e in b.take_events()],
                 [OUT << 1 | COMMAND << 6])
        with report.case("with the PHY suspended a command waits"):
            phy = b.r(0xc200)
            b.w(0xc200, phy | 1 << 6)
            must(b.command(OUT, 4) & ACT, "done all the same")
            b.w(0xc200, phy)
            must(not b.r(0xc82c) & ACT, "still waits")


def events() -> None:
    """The ring, the interrupt, the bus's own events."""
    with Board() as b:
        b.start()
        b.q.step(1000)
        with report.case("reset and connection are told, in order"):
            b.plug()
            seen = [e >> 8 & 15 for e in b.all if e & 1]
            same([e for e in seen if e in (1, 2)][:2], [1, 2])
            same(b.r(0xc70c) & 7, 0, "high speed")
            same(b.r(0xc70c) >> 18 & 15, 0, "link U0")
        with report.case("the interrupt follows count and mask"):
            b.take_events()
            same(b.qmp.get("interrupt"), False)
            b.command(OUT, 5 | CMDIOC)
            same(b.qmp.get("interrupt"), True)
            b.w(0xc408, 1 << 31 | 256)
            same(b.qmp.get("interrupt"), False)
            b.w(0xc408, 256)
            same(b.qmp.get("interrupt"), True)
            b.take_events()
            same(b.qmp.get("interrupt"), False)
        with report.case("moderated: not before EHB and the interval"):
            b.w(0xca00, 400)    # 100 us
            b.w(0xc40c, 1 << 31)
            b.q.step(200_000)
            b.command(OUT, 5 | CMDIOC)
            same(b.qmp.get("interrupt"), True)
            must(b.r(0xc40c) & 1 << 31, "EHB")
            b.take_events()
            b.command(OUT, 5 | CMDIOC)
            same(b.qmp.get("interrupt"), False, "before EHB is cleared")
            b.w(0xc40c, 1 << 31)
            same(b.qmp.get("interrupt"), False, "before the interval")
            b.q.step(90_000)
            same(b.qmp.get("interrupt"), False, "at 90 us")
            b.q.step(20_000)
            same(b.qmp.get("interrupt"), True, "at 110 us")
            b.take_events()
            b.w(0xca00, 0)
        with report.case("more taken than there is: a mistake"):
            before = b.mistakes()
            b.w(0xc40c, 4)
            same(b.mistakes(), before + 1)
        with report.case("the driver wakes a suspended host"):
            b.qmp.set("suspended", True)
            b.w(0xc704, b.r(0xc704) | 8 << 5)
            same(b.qmp.get("suspended"), False)
            same(b.r(0xc704) >> 5 & 15, 0, "the request reads back")
        with report.case("suspend, resume, unplug"):
            b.take_events()
            b.events.clear()
            for name, value in (("suspended", True), ("suspended", False),
                                ("plugged", False)):
                b.qmp.set(name, value)
            same([e >> 8 & 15 for e in b.take_events() if e & 1],
                 [3, 6, 3, 3, 4, 3, 0] if b.r(0xc708) & 8 else [6, 4, 0])
            same(b.r(0xc70c) >> 18 & 15, 4, "link")
    with Board() as b:
        b.start(ring=32)
        with report.case("a full ring: one overflow event, the rest is lost"):
            b.configure()
            for _ in range(12):
                b.command(OUT, 5 | CMDIOC)
            same(b.r(0xc40c), 32, "count")
            found = b.take_events()
            same([e & 0xfff for e in found[:-1]],
                 [OUT << 1 | COMMAND << 6] * 7)
            same(found[-1] & 0xf01, 0xb01, "overflow")
            b.command(OUT, 5 | CMDIOC)
            same(b.r(0xc40c), 4, "and on again")
        with report.case("not halted before the events are taken"):
            b.w(0xc704, 0)
            same(b.r(0xc70c) >> 22 & 1, 0, "DEVCTRLHLT")
            b.take_events()
            same(b.r(0xc70c) >> 22 & 1, 1, "DEVCTRLHLT")


def bulk_in() -> None:
    """TRBs of an IN endpoint."""
    with Board() as b:
        b.start()
        b.plug()
        assert b.cable
        data = bytes(range(256)) * 8
        b.q.write(DATA, data)
        with report.case("IN: a short packet ends the host's transfer"):
            b.trb(TRBS, DATA, 700, NORMAL, HWO | IOC)
            b.trb(TRBS + 16, 0, 0, NORMAL, 0)
            b.begin(IN, TRBS)
            same(b.wait(b.cable.bulk_in(2048)), (0, 700, data[:700]))
            same(b.trb_state(TRBS), (0, 0, 0))
            same(b.ep_events(IN), [(PROGRESS, BY_IOC)])
        with report.case("IN: HWO set later is not seen before an update"):
            number = b.cable.bulk_in(512)
            must(b.unanswered(number), "no TRB")
            b.trb(TRBS + 16, DATA, 100, NORMAL, HWO | IOC)
            must(b.unanswered(number), "it was seen")
            b.update(IN)
            same(b.wait(number), (0, 100, data[:100]))
        with report.case("IN: no empty packet at a packet's edge"):
            b.trb(TRBS + 32, DATA, 512, NORMAL, HWO | IOC)
            b.update(IN)
            number = b.cable.bulk_in(2048)
            must(b.unanswered(number), "the transfer ended")
            b.trb(TRBS + 48, DATA + 512, 0, NORMAL, HWO | IOC)
            b.update(IN)
            same(b.wait(number), (0, 512, data[:512]))
        with report.case("IN: a chain is one stream of packets; link"):
            b.trb(TRBS + 64, DATA, 300, NORMAL, HWO | CHN)
            b.trb(TRBS + 80, TRBS + 256, 0, LINK, HWO)
            b.trb(TRBS + 256, DATA + 300, 724, NORMAL, HWO | CHN)
            b.trb(TRBS + 272, DATA, 0, NORMAL, HWO | IOC)
            b.ep_events(IN)
            b.update(IN)
            same(b.wait(b.cable.bulk_in(2048)), (0, 1024, data[:1024]))
            same(b.ep_events(IN), [(PROGRESS, BY_IOC)])
            same(b.trb_state(TRBS + 80)[2], HWO, "the link's HWO")
        with report.case("IN: LST ends the transfer"):
            b.trb(TRBS + 288, DATA, 10, NORMAL, HWO | LST)
            b.update(IN)
            same(b.wait(b.cable.bulk_in(512))[1], 10)
            same(b.ep_events(IN), [(COMPLETE, BY_LST)])
            same(b.begin(IN, TRBS + 304) >> 12 & 15, 0, "Start Transfer")
        with report.case("IN: End Transfer leaves the TRB, or takes it"):
            b.end(IN)
            for flags, hwo in ((1 << 11, HWO), (0, 0)):
                b.trb(TRBS, DATA, 600, NORMAL, HWO)
                b.begin(IN, TRBS)
                same(b.wait(b.cable.bulk_in(512))[1], 512)
                b.end(IN, flags)
                same(b.trb_state(TRBS)[2], hwo, "HWO")
            same(b.trb_state(TRBS)[:2], (88, 4), "left, in progress")
        with report.case("IN: stall, and what was queued stays queued"):
            b.trb(TRBS, DATA, 20, NORMAL, HWO)
            b.begin(IN, TRBS)
            b.command(IN, 4)
            same(b.wait(b.cable.bulk_in(512))[0], STALLED)
            b.command(IN, 5)
            same(b.wait(b.cable.bulk_in(512))[:2], (0, 20))
        with report.case("IN: no mistake so far"):
            same(b.mistakes(), 0)
        with report.case("IN: a buffer that is no memory is a bus error"):
            b.end(IN)
            b.ep_events(IN)
            b.trb(TRBS, 0x3_0000_0000, 20, NORMAL, HWO | IOC)
            b.begin(IN, TRBS)
            b.wait(b.cable.bulk_in(512))
            same(b.ep_events(IN)[-1], (PROGRESS, BY_IOC | BUSERR))
            must(b.r(0xc118) & 16, "GSTS.BUSERRADDRVLD")
        for name, ctrl in (("a link to itself", LINK << 4 | HWO),
                           ("a control TRB", CONTROL << 4 | HWO)):
            with report.case(f"IN: {name} stops the endpoint"):
                b.end(IN)
                before = b.mistakes()
                b.q.write(TRBS, struct.pack("<QII", TRBS, 16, ctrl))
                b.begin(IN, TRBS)
                number = b.cable.bulk_in(512)
                must(b.unanswered(number))
                must(b.mistakes() > before)
        with report.case("IN: DALEPENA off: no answer"):
            b.w(0xc720, b.r(0xc720) & ~(1 << IN))
            same(b.wait(b.cable.bulk_in(512))[0], IOERROR)


def bulk_out() -> None:
    """TRBs of an OUT endpoint."""
    with Board() as b:
        b.start()
        b.plug()
        assert b.cable
        data = bytes(range(1, 251)) * 8
        with report.case("OUT: packets fill TRBs"):
            b.trb(TRBS, DATA, 512, NORMAL, HWO | IOC | CSP)
            b.trb(TRBS + 16, DATA + 512, 1024, NORMAL, HWO | IOC | CSP)
            b.trb(TRBS + 32, 0, 0, NORMAL, 0)
            b.begin(OUT, TRBS)
            same(b.wait(b.cable.bulk_out(data[:1536]))[0], 0)
            same(b.q.read(DATA, 1536), data[:1536])
            same(b.ep_events(OUT), [(PROGRESS, BY_IOC)] * 2)
        with report.case("OUT: short with CSP goes on to the next TRB"):
            for i in (2, 3):
                b.trb(TRBS + 16 * i, DATA + 4096 * i, 1024, NORMAL,
                      HWO | ISP | CSP)
            b.trb(TRBS + 64, 0, 0, NORMAL, 0)
            b.update(OUT)
            for size in (600, 0):
                same(b.wait(b.cable.bulk_out(data[:size]))[0], 0)
            same(b.q.read(DATA + 8192, 600), data[:600])
            same(b.trb_state(TRBS + 32), (424, 0, 0))
            same(b.trb_state(TRBS + 48), (1024, 0, 0))
            same(b.ep_events(OUT), [(PROGRESS, SHORT)] * 2)
        with report.case("OUT: short in a chain skips its rest"):
            b.trb(TRBS + 64, DATA, 512, NORMAL, HWO | CHN | CSP)
            b.trb(TRBS + 80, DATA, 512, NORMAL, HWO | CHN | CSP)
            b.trb(TRBS + 96, DATA, 512, NORMAL, HWO | IOC | CSP)
            b.trb(TRBS + 112, DATA + 4096, 512, NORMAL, HWO | IOC | CSP)
            b.update(OUT)
            same(b.wait(b.cable.bulk_out(data[:100]))[0], 0)
            same([b.trb_state(TRBS + 64 + 16 * i)[2] for i in range(3)],
                 [0, HWO, HWO])
            same(b.ep_events(OUT), [(PROGRESS, SHORT | BY_IOC)])
            same(b.wait(b.cable.bulk_out(data[:30]))[0], 0)
            same(b.q.read(DATA + 4096, 30), data[:30])
        with report.case("OUT: short without CSP ends the transfer"):
            b.end(OUT)
            b.ep_events(OUT)
            b.trb(TRBS, DATA, 512, NORMAL, HWO)
            b.begin(OUT, TRBS)
            same(b.wait(b.cable.bulk_out(b"abc"))[0], 0)
            same(b.ep_events(OUT), [(COMPLETE, SHORT)])
            number = b.cable.bulk_out(b"more")
            must(b.unanswered(number))
            b.trb(TRBS, DATA, 512, NORMAL, HWO | CSP)
            b.begin(OUT, TRBS)
            same(b.wait(number)[0], 0)
        with report.case("OUT: no mistake so far"):
            same(b.mistakes(), 0)
        with report.case("OUT: a buffer of no whole packets loses data"):
            b.end(OUT)
            b.ep_events(OUT)
            b.trb(TRBS, DATA, 100, NORMAL, HWO | IOC | CSP)
            b.q.write(DATA + 100, b"untouched")
            b.begin(OUT, TRBS)
            b.wait(b.cable.bulk_out(data[:512]))
            same(b.q.read(DATA + 100, 9), b"untouched")
            must(b.mistakes() > 0)
            same(b.ep_events(OUT), [(PROGRESS, BY_IOC | BUSERR)])
        with report.case("OUT: an odd TRB address is taken for an even one"):
            b.end(OUT)
            before = b.mistakes()
            b.trb(TRBS, DATA, 512, NORMAL, HWO | CSP)
            b.begin(OUT, TRBS + 4)
            must(b.mistakes() > before)


def slots() -> None:
    """The bus's pace, and the count of its slots."""
    with Board(extra=("-global", "hyperstub-dwc3.pace=on")) as b:
        b.start()
        b.plug()
        assert b.cable
        with report.case("128 packets take 1.2 ms of the guest's time"):
            b.trb(TRBS, DATA, 65536, NORMAL, HWO)
            b.begin(IN, TRBS)
            ready = b.qmp.get("slots-in-ready")
            number = b.cable.bulk_in(65536)
            for _ in range(50):
                b.q.step(20_000)
                b.cable.poll()
            must(number not in b.cable.answers, "done after 1 ms")
            got = b.qmp.get("slots-in-ready") - ready
            must(90 <= got <= 114, f"{got} packets in 1 ms")
            same(b.wait(number)[:2], (0, 65536))
            same(b.qmp.get("slots-in-ready") - ready, 128, "packets")
        with report.case("slots in which there was no TRB are counted"):
            waited = b.qmp.get("slots-in-waited")
            number = b.cable.bulk_in(512)
            must(b.unanswered(number))
            b.trb(TRBS + 16, DATA, 100, NORMAL, HWO)
            b.update(IN)
            same(b.wait(number)[1], 100)
            # 20 steps of 200 us, and some for the request's way.
            got = b.qmp.get("slots-in-waited") - waited
            must(390 <= got <= 460, f"{got} slots")


def control() -> None:
    """Endpoint 0 out of step."""
    with Board() as b:
        b.start()
        b.plug()
        cable = b.cable
        assert cable
        with report.case("an unknown request is stalled, the next one works"):
            same(b.wait(cable.control(0xc0, 1, 0, 0, 4))[0], STALLED)
            same(b.wait(cable.control(0x80, 8, 0, 0, 1)), (0, 1, b"\1"))
        with report.case("XferNotReady(STATUS) once, on the right endpoint"):
            b.all.clear()
            same(b.wait(cable.control(0x00, 11, 0, 0, 0))[0], 0)
            same([e >> 1 & 31 for e in b.all
                  if e >> 6 & 15 == NOT_READY and e >> 12 & 3 == 2], [1])
            b.all.clear()
            b.wait(cable.control(0x80, 8, 0, 0, 1))
            same([e >> 1 & 31 for e in b.all
                  if e >> 6 & 15 == NOT_READY and e >> 12 & 3 == 2], [0])
        with report.case("a SETUP packet in place of the data stage"):
            aborted(b)
        with report.case("no mistake so far"):
            same(b.mistakes(), 0)
        with report.case("status TRB for the wrong kind of request"):
            before = b.mistakes()
            b.status_events = False
            number = cable.control(0x80, 8, 0, 0, 1)
            b.serve(lambda: b.state == "status", "data stage")
            b.trb(SETUP_TRB, 0, 0, STATUS2, HWO | LST | IOC)
            b.begin(0, SETUP_TRB)
            must(b.unanswered(number), "it was taken")
            must(b.mistakes() > before)
            b.status_events = True
    with Board() as b:
        b.start()
        b.on_setup = lambda setup: forget_address(b, setup)
        with report.case("the address not set: nothing answers to it"):
            try:
                b.plug()
            except AssertionError:
                must(1 not in b.cable.seen, "announced")
            else:
                must(False, "enumerated without an address")


def forget_address(b: Board, setup: bytes) -> bool:
    """SET_ADDRESS answered and not done."""
    if setup[1] == 5:
        b.state = "status"
        return True
    return False


def aborted(b: Board) -> None:
    """
    The host gives a request up while the driver has no data for it, and sends
    the next one. The data TRB, started only then, comes back at once with
    SETUP_PENDING, the status stage is told, and the new packet is stored.
    """
    cable = b.cable
    assert cable
    held: list[bytes] = []

    def hold(setup: bytes) -> bool:
        held.append(setup)
        return True
    b.on_setup = hold
    first = cable.control(0xc0, 77, 0, 0, 8)
    b.serve(lambda: bool(held), "the first SETUP packet")
    b.on_setup = None
    cancel(b, first)
    second = cable.control(0x80, 8, 0, 0, 1)
    must(b.unanswered(second), "answered before the first was ended")
    b.trb(TRBS, DATA, 512, NORMAL, HWO)
    b.begin(OUT, TRBS)
    must(b.end(OUT) & ACT, "End Transfer before the SETUP packet was stored")
    b.all.clear()
    b.trb(SETUP_TRB, DATA, 8, CONTROL, HWO | LST | IOC)
    b.begin(1, SETUP_TRB)
    same(b.trb_state(SETUP_TRB), (8, 2, 0), "left, SETUP_PENDING, HWO")
    events = b.take_events()
    same([(e >> 1 & 31, e >> 6 & 15) for e in events],
         [(1, COMPLETE), (0, NOT_READY)])
    b.command(0, 4)
    b.setup_trb()
    same(b.wait(second), (0, 1, b"\1"))
    must(not b.r(0xc82c) & ACT, "End Transfer is not done")
    same(b.ep_events(OUT), [(COMMAND, 0)])


def cancel(b: Board, number: int) -> None:
    """The host takes a request back."""
    cable = b.cable
    assert cable
    cable.peer.sendall(struct.pack("<IIQ", 21, 0, number))
    same(b.wait(number)[0], CANCELLED)


def main() -> int:
    for part in (registers, commands, events, bulk_in, bulk_out, slots,
                 control):
        with report.case(f"{part.__name__}: to the end"):
            part()
    return report.end()


sys.exit(main())
