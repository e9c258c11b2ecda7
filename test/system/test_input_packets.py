#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# time limit: 240 s
"""Malformed packets of every kind change nothing; a second client, clients
that come and go, clients that go in the middle of something."""

from __future__ import annotations

import random
import sys
import time

from harness import Report, must, same
from machine import Client, Machine, RAM, raw_peer

report = Report()
# A pattern, then an idle loop of an addition, to see that it runs.
CODE = b"".join(word.to_bytes(4, "little") for word in
                (0x91000400, 0x17ffffff))  # add x0, x0, #1; b .-4

BAD = [
    # memory
    "m", "m,", "m40000000", "m40000000,", "mzz,4", "m40000000,zz",
    "m40000000,-1", "m40000000,ffffffffffffffffff", "m10000000000000000,4",
    "mffffffffffffffff,10", "m40000000,4,4", "M", "M40000000,4",
    "M40000000,4:", "M40000000,4:0102", "M40000000,4:010203zz",
    "M40000000,2:010203", "Mffffffffffffffff,4:01020304",
    "X40000000", "X40000000,4:ab", "X40000000,4:abcdefgh",
    "X40000000,ffffffff:ab", "x40000000", "x,", "xq,4",
    # registers
    "p", "pzz", "pffffff", "p20,", "P", "P20", "P20=", "P20=zz", "P20=00",
    "P20=00112233445566778899", "Pffffff=0000000000000000", "G", "G00",
    "Gzz", "G" + "0" * 15,
    # threads
    "H", "Hg", "Hgzz", "Hg40", "Hx1", "Hc99", "T", "T99", "Tzz", "T-1",
    # running
    "vCont", "vCont;", "vCont;x", "vCont;c:99", "vCont;s:zz", "vCont;r",
    "vCont;r1", "vCont;r1,", "vCont;C", "vCont;c;", "vCont;t:1:2",
    "Czz", "Szz", "czz", "szz", "vKill", "vRun;x", "vAttach;1",
    # points
    "Z", "Z0", "Z0,", "Z0,40000000", "Z0,40000000,", "Z0,40000000,3",
    "Z0,40000001,4", "Z5,40000000,4", "Z9,40000000,4", "Zz,40000000,4",
    "Z0,zz,4", "Z0,40000000,4;X", "Z0,40000000,4;X2,22", "Z0,40000000,4;"
    "X4,zzzzzzzz", "Z0,40000000,4;Xffff,2227", "Z0,40000000,4;X1,ff",
    "Z0,40000000,4;cmds:0,X1,27", "Z2,40000000,0",
    "Z2,ffffffffffffffff,10", "Z2,40000000,4;X3,220127", "z", "z0", "z0,",
    "z9,0,0",
    # queries
    "q", "qXfer", "qXfer:features:read", "qXfer:features:read:target.xml",
    "qXfer:features:read:target.xml:", "qXfer:features:read:target.xml:0",
    "qXfer:features:read:target.xml:zz,10",
    "qXfer:features:read:../../etc/passwd:0,10",
    "qXfer:features:write:target.xml:0:ab",
    "qXfer:threads:read:x:0,10", "qXfer:nonsense:read::0,10",
    "qRcmd", "qRcmd,", "qRcmd,6", "qRcmd,zz", "qRcmd," + "61" * 600,
    "qCRC:", "qCRC:40000000", "qCRC:zz,4", "qSearch:memory:",
    "qSearch:memory:40000000;10", "qSearch:memory:zz;10;ab",
    "qThreadExtraInfo", "qThreadExtraInfo,", "qThreadExtraInfo,99",
    "qThreadStopInfo99", "Qqemu.sstep=", "Qqemu.sstep=zz",
    "Qqemu.sstep=ffff", "QNonsense", "QPassSignals",
    # what there is not
    "A", "b", "B", "d", "e", "f", "I", "j", "k1", "L", "n", "O", "r", "t",
    "u", "v", "w", "y", "\x01", "\x7f\x80\xff", "vFile:open:61,0,0",
    "vMustReplyEmpty", "?x", "!x", " ", "%", "*" * 50, "{}", "}" * 20,
]


def picture(stub: Client) -> tuple:
    """What no bad packet may change."""
    return (stub.read(RAM, 4096), stub.ask("g"), stub.ask("qfThreadInfo"),
            stub.ask("Qqemu.sstep=7"), stub.monitor("info breakpoints"))


def start(smp: int = 2) -> Machine:
    return Machine("--smp", str(smp), "--memory", "128M", serial=False)


def frames() -> list[bytes]:
    """Framing gone wrong."""
    good = b"$m40000000,4#"
    return [
        b"$", b"#", b"##", b"$#", b"$#0", b"$#00", b"$$$$#00", b"+++---",
        good, good + b"z", good + b"zz", good + b"00", b"-" * 40,
        b"$m40000000,4$m40000000,4#8d", b"}}}}", b"$}#7d", b"$a}",
        b"\0" * 100, bytes(range(0x04, 0x23)), b"$" + b"a" * 5000,
        b"#61", b"$*#2a", b"$0*~#00", b"%Stop:T05#00", b"\xff" * 64,
    ]


def bad_packets() -> None:
    with start() as machine, Client(machine) as stub:
        stub.ask("?")
        stub.ask(f"M{RAM:x},{len(CODE):x}:{CODE.hex()}")
        before = picture(stub)
        for body in BAD:
            with report.case(f"packet {body[:40]!r} is an error or unknown"):
                answer = stub.ask(body.encode("latin-1"))
                must(answer == "" or answer.startswith("E")
                     or body.startswith("qRcmd,"), answer)
                same(stub.ask("qC"), "QC1", "the next packet")
        with report.case("none of them changed anything"):
            same(picture(stub), before)
        with report.case("frames gone wrong change nothing"):
            for frame in frames():
                stub.peer.sendall(frame)
            stub.peer.sendall(b"#00")
            time.sleep(0.3)
            drain(stub)
            same(picture(stub), before)
        with report.case("a packet longer than PacketSize is told so"):
            stub.peer.sendall(b"$M40000000,50000:" + b"61" * 0x50000
                              + b"#00")
            must(stub.reply().startswith("E"), "error")
            same(picture(stub), before)
        with report.case("a thousand random packets change nothing"):
            rand = random.Random(1)
            letters = b"0123456789abcdef,;:=-vCHgqQXTzZp?xyz \x01\xff}*%"
            for _ in range(1000):
                body = bytes(rand.choice(letters)
                             for _ in range(rand.randrange(1, 30)))
                if body[:1] in b"cCsSkDGMPXvzZ" or body[:2] in (
                        b"QS", b"QT", b"!"):
                    body = b"y" + body
                body = body.replace(b"}", b"")
                stub.send(body)
                stub.reply()
            same(stub.ask("Hg1"), "OK")
            stub.ask("Qqemu.PhyMemMode:0")
            same(picture(stub), before)
        with report.case("and the guest still runs and stops"):
            stub.go()
            time.sleep(0.2)
            must(stub.interrupt().startswith("T02"), "^C")
            must(stub.register(0) > 0, "it did not run")


def drain(stub: Client) -> None:
    """Throw away what came."""
    stub.data = b""
    stub.peer.settimeout(0.3)
    try:
        while stub.peer.recv(65536):
            pass
    except TimeoutError:
        pass
    stub.data = b""


def while_running() -> None:
    """Packets that want a stopped guest, at one that runs."""
    with start() as machine, Client(machine) as stub:
        stub.ask("?")
        stub.ask(f"M{RAM:x},{len(CODE):x}:{CODE.hex()}")
        stub.go()
        for body in ("g", "p20", "P0=0000000000000000", "Z0,40000000,4",
                     "z0,40000000,4", "s", "vCont;s:1", "vCont;c", "c"):
            with report.case(f"running: {body!r} is refused"):
                must(stub.ask(body).startswith("E"), body)
        with report.case("running: it ran on"):
            must(stub.interrupt().startswith("T02"), "^C")
            first = stub.register(0)
            stub.go()
            time.sleep(0.2)
            stub.interrupt()
            must(stub.register(0) > first, "it stands")


def second_client() -> None:
    with start(1) as machine, Client(machine) as first:
        first.ask("?")
        with report.case("a second client is told why not, and let go"):
            with raw_peer(machine.gdb_path) as second:
                second.sendall(b"+$qC#b4")
                got = b""
                while more := second.recv(100):
                    got += more
                text = b"E.another debugger is attached to this machine"
                same(got, b"+$%b#%02x" % (text, sum(text) & 255))
                same(first.ask("qC"), "QC1", "the first client")
        with report.case("one that says nothing is let go as well"):
            with raw_peer(machine.gdb_path) as second:
                got = b""
                while more := second.recv(100):
                    got += more
                must(b"another debugger" in got, got)
        with report.case("one that comes as the first goes has its turn"):
            with raw_peer(machine.gdb_path) as second:
                second.sendall(b"$qC#b4")
                time.sleep(0.3)
                first.peer.close()
                got = b""
                while b"QC1#" not in got:
                    part = second.recv(100)
                    must(part, "its turn")
                    got += part
        with report.case("and the next one after all of them"):
            with Client(machine) as third:
                must(third.ask("?").startswith("T"), "stop reply")


def come_and_go() -> None:
    with start() as machine:
        with Client(machine) as stub:
            stub.ask("?")
            stub.ask(f"M{RAM:x},{len(CODE):x}:{CODE.hex()}")
        with report.case("50 clients that come and go"):
            for turn in range(50):
                with Client(machine) as stub:
                    must(stub.ask("?").startswith("T"), f"turn {turn}")
                    must(stub.read(RAM, 8) == CODE, f"turn {turn}")
        with report.case("50 that go in the middle of a packet"):
            for turn in range(50):
                with raw_peer(machine.gdb_path) as peer:
                    peer.sendall([b"$", b"$m4000", b"$qC#", b"+$?#3f",
                                  b"$m40000000,20000#", b"\x03",
                                  b"$X40000100,1000:abc"][turn % 7])
        with report.case("20 that go with a reply on its way"):
            for turn in range(20):
                with raw_peer(machine.gdb_path) as peer:
                    peer.sendall(b"$?#3f$m40000000,1ffff#" + b"%02x"
                                 % (sum(b"m40000000,1ffff") & 255))
                # What it had sent is seen before the next one comes: the
                # device cannot tell two clients' bytes apart.
                time.sleep(0.1)
        with report.case("20 that go while the guest runs for them, and "
                         "points with them"):
            for turn in range(20):
                with Client(machine) as stub:
                    answer = stub.ask("?")
                    must(answer.startswith("T"), f"turn {turn}: {answer[:80]}")
                    same(stub.ask(f"Z0,{RAM + 0x100:x},4"), "OK")
                    stub.go()
        with report.case("the guest lives, with no points left"):
            with Client(machine) as stub:
                stub.ask("?")
                must("pages  0\n" in stub.monitor("info breakpoints"),
                     stub.monitor("info breakpoints"))
                same(stub.read(RAM, 8), CODE)
                first = stub.register(0)
                stub.go()
                time.sleep(0.2)
                stub.interrupt()
                must(stub.register(0) > first, "it stands")


def main() -> int:
    bad_packets()
    while_running()
    second_client()
    come_and_go()
    return report.end()


sys.exit(main())
