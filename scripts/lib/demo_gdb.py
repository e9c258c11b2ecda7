# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
"""The tour, run inside gdb: each step shows its commands and what gdb says
to them, and checks that it is what it must be. Ends with gdb's prompt, or
with --batch by leaving gdb with status 0 or 1."""

import json
import os
import re
import signal
import threading

import gdb

TOUR = json.loads(os.environ["HYPERSTUB_TOUR"])
UART_DATA = 0x09000000
# gdb's convenience variable for physical addresses: the window's base.
WINDOW = 0x0072 << 48
failed: list[str] = []
stops: list[gdb.StopEvent] = []
gdb.events.stop.connect(stops.append)


def heading(text: str) -> None:
    """What the next step is about."""
    gdb.write(f"\n=== {text}\n")


def run(command: str, quiet: bool = False) -> str:
    """Run a command as if it was typed; what it prints is shown too."""
    if not quiet:
        gdb.write(f"(gdb) {command}\n")
    try:
        text = gdb.execute(command, False, True)
    except gdb.error as err:
        text = f"{err}\n"
    if not quiet:
        gdb.write(text)
    return text


def must(good: bool, what: str) -> None:
    """One thing that the step must have shown."""
    gdb.write(f"{'ok' if good else 'NOT OK'}: {what}\n")
    if not good:
        failed.append(what)


def resume(command: str) -> gdb.StopEvent:
    """Run a command that lets the guest run; why it stopped again."""
    stops.clear()
    run(command)
    return stops[-1] if stops else None


def signalled(event: gdb.StopEvent) -> str:
    """The signal that the guest stopped with, if it was one."""
    return getattr(event, "stop_signal", "")


def interrupted(seconds: float) -> gdb.StopEvent:
    """continue, and ^C after that time."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        return resume("continue")
    except KeyboardInterrupt:
        return None
    finally:
        timer.cancel()


def attach() -> None:
    heading("attach to the running kernel")
    run(f"file {TOUR['symbols']}")
    linked = int(gdb.parse_and_eval("(unsigned long)&_text"))
    run(f"target remote {TOUR['socket']}")
    threads = gdb.selected_inferior().threads()
    must(bool(threads), "attached")
    if not threads:
        return
    slide = int(gdb.parse_and_eval("(unsigned long)&_text")) - linked
    gdb.write(f"the kernel runs {slide:#x} above where it is linked\n")
    if not TOUR["native"]:
        must(slide != 0, "qOffsets tells where KASLR has put the kernel")


def stop_by_name() -> None:
    heading("stop in a kernel function, by name")
    run("break vfs_write")
    event = resume("continue")
    must(isinstance(event, gdb.BreakpointEvent)
         and gdb.selected_frame().name() == "vfs_write",
         "stopped in vfs_write")
    frames = run("backtrace")
    must(len(re.findall(r"^#\d+ ", frames, re.M)) >= 4
         and "el0" in frames, "the backtrace leads to the system call")
    run("delete")


def look_around() -> None:
    heading("CPUs are threads; system registers are registers")
    text = run("info threads")
    must(len(re.findall(r"^[* ] +\d+ ", text, re.M)) == TOUR["cpus"],
         f"{TOUR['cpus']} threads, one a CPU")
    if TOUR["native"]:
        text = run("info registers SCTLR TCR_EL1 TTBR1_EL1")
        must("TTBR1_EL1" in text, "system registers")
        return
    text = run("info registers VBAR_EL1 ELR_EL1 FAR_EL1 SP_EL0")
    must("vectors" in text, "the kernel's vectors, by name")
    must("EC = " in run("print $ESR_EL1"), "a syndrome, by its fields")
    must("BADDR = " in run("print/x $TTBR1_EL1"), "the kernel's tables")
    text = run("info registers timer")
    must(all(name in text for name in ("CNTVCT_EL0", "CNTV_CTL_EL0")),
         "a group of registers")


def decode_store() -> str:
    """The character that the store before the program counter wrote."""
    for at in ("$pc-4", "$pc"):
        text = run(f"x/i {at}")
        match = re.search(r"\bstu?r[bh]?\s+w(\d+|zr),", text)
        if match:
            if match.group(1) == "zr":
                return "\0"
            value = gdb.parse_and_eval(f"$w{match.group(1)}")
            return chr(int(value) & 0xff)
    return ""


def watch_the_uart() -> None:
    heading("who writes to the serial port? (a physical address)")
    run(f"set $phys = {WINDOW:#x}")
    run(f"awatch *(unsigned short *)($phys + {UART_DATA:#x})")
    event = resume("continue")
    must(isinstance(event, gdb.BreakpointEvent)
         and event.breakpoint.type == gdb.BP_ACCESS_WATCHPOINT,
         "stopped at an access to the PL011's data register")
    character = decode_store()
    must(bool(character), f"the character written is {character!r}")
    frames = run("backtrace 6")
    must("pl011" in frames, "the driver's function is named")
    run("delete")


def single_step() -> None:
    heading("single steps")
    places = []
    for _ in range(3):
        run("stepi")
        run("x/i $pc")
        places.append(int(gdb.parse_and_eval("(unsigned long)$pc")))
    must(len(set(places)) == 3, "three instructions, one by one")


def continue_and_interrupt() -> None:
    heading("continue, and ^C")
    event = interrupted(1.5)
    must(signalled(event) == "SIGINT", "^C stopped it")
    run("info threads")


STEPS = [attach, stop_by_name, look_around, single_step,
         continue_and_interrupt]
if not TOUR["native"]:
    STEPS.insert(3, watch_the_uart)


def tour() -> None:
    """All steps; the first one is needed by the rest."""
    for setting in ("confirm off", "pagination off", "width 0",
                    "architecture aarch64", "breakpoint pending off",
                    "python print-stack full"):
        run(f"set {setting}", quiet=True)
    for step in STEPS:
        step()
        if step is attach and failed:
            break
    gdb.write("\n" + (f"{len(failed)} of the steps did not show what they "
                      "must: " + "; ".join(failed) if failed
                      else "every step showed what it must") + "\n")


try:
    tour()
except Exception as error:  # The status must tell, whatever it was.
    gdb.write(f"the tour broke off: {type(error).__name__}: {error}\n")
    failed.append("all steps")
if TOUR["batch"]:
    run("kill", quiet=True)
    gdb.execute(f"quit {1 if failed else 0}")
else:
    gdb.write("""
The guest is stopped and the debugger is yours. Try:
  info threads, thread 2, bt, info registers el1_core, break do_sys_openat2,
  awatch *(unsigned short *)($phys + 0x9000000), monitor help, continue and ^C
quit ends the guest too.
""")
