/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* The DWC3 driver: what it does to registers, and what it tells the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_dwc3.h"
#include "transport/usb/udc_dwc3_internal.h"

#define OUT1 0x01
#define IN1 0x81
#define PHYS_OUT1 2
#define PHYS_IN1 3

static struct udc_dwc3 *w;
static const struct udc_ops *ops;
static uint8_t buf[16][1024] __attribute__((aligned(64)));

static int setup(void **state)
{
	w = fake_start();
	ops = w->udc.ops;
	return 0;
}

static int teardown(void **state)
{
	fake_power_off(w);
	return 0;
}

static uint32_t reg(uint32_t r)
{
	return fake.reg[r / 4];
}

static void poll(void)
{
	ops->poll(&w->udc);
}

static void said(const char *line)
{
	assert_string_equal(fake_log(), line);
}

static struct udc_transfer transfer(unsigned int i, uint32_t len,
				    const char *name)
{
	return (struct udc_transfer){ .buf = buf[i], .len = len,
				      .owner = (void *)(uintptr_t)name };
}

static void open_both(void)
{
	assert_int_equal(ops->ep_open(&w->udc, OUT1, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->ep_open(&w->udc, IN1, UDC_EP_BULK, 512, 0), 0);
}

/* A TRB was done, and the controller says so. */
static void progress(unsigned int phys, uint32_t left)
{
	fake_trb_done(phys, left, 0);
	fake_ep_event(phys, 2, 4);
	poll();
}

static const uint8_t get_descriptor[8] = { 0x80, 6, 0, 1, 0, 0, 64, 0 };
static const uint8_t set_address[8] = { 0, 5, 9, 0, 0, 0, 0, 0 };
static const uint8_t set_line[8] = { 0x21, 0x20, 0, 0, 0, 0, 7, 0 };

/* ---- probing and starting --------------------------------------------------- */

static void what_is_no_dwc3_is_said_so(void **state)
{
	STRBUF(why, 200);

	w = fake_power_on();
	assert_int_equal(udc_dwc3_probe(0, &why), 0);
	fake.reg[DWC3_GSNPSID / 4] = 0xffffffff;
	assert_int_equal(udc_dwc3_probe(0, &why), -ENODEV);
	assert_non_null(strstr(why.s, "GSNPSID is 0xffffffff"));
	fake.reg[DWC3_GSNPSID / 4] = 0x33313130;
	assert_int_equal(udc_dwc3_probe(0, &why), 0);
	fake.reg[DWC3_GHWPARAMS0 / 4] |= 1;
	fake.reg[DWC3_GHWPARAMS0 / 4] &= ~6u;
	assert_int_equal(udc_dwc3_probe(0, &why), -ENODEV);
	fake_power_off(w);
}

static void memory_that_does_not_do_is_refused(void **state)
{
	struct udc_dwc3_config c = { .memlen = UDC_DWC3_MEMORY };
	STRBUF(why, 200);

	w = fake_power_on();
	c.mem = w->mem + 64;
	assert_int_equal(udc_dwc3_init(w, &c, &why), -EINVAL);
	c.mem = (uint8_t *)c.mem - 64;
	c.memlen--;
	assert_int_equal(udc_dwc3_init(w, &c, &why), -EINVAL);
	c.memlen++;
	/* a controller with 32 address bits, and memory above them */
	fake.reg[DWC3_GHWPARAMS0 / 4] = 2 | 64 << 8 | 32u << 24;
	assert_int_equal(udc_dwc3_init(w, &c, &why), -EINVAL);
	assert_non_null(strstr(why.s, "32"));
	fake.reg[DWC3_GHWPARAMS0 / 4] = 2 | 64 << 8 | 64u << 24;
	assert_int_equal(udc_dwc3_init(w, &c, &why), 0);
	fake_power_off(w);
}

static void starting_makes_it_a_device_on_the_bus(void **state)
{
	w = fake_power_on();
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	assert_int_equal(reg(DWC3_GCTL) >> 12 & 3, 2);
	assert_int_equal(reg(DWC3_GCTL) & DWC3_GCTL_SCALEDOWN_MASK, 0);
	/* SUSPHY and ENBLSLPM are off, the rest is the boot loader's */
	assert_int_equal(reg(DWC3_GUSB2PHYCFG0), 0x2400);
	assert_int_equal(reg(DWC3_DCFG) & 7, 0);
	assert_int_equal(reg(DWC3_DALEPENA), 3);
	assert_true(reg(DWC3_DCTL) & DWC3_DCTL_RUN_STOP);
	assert_int_equal(reg(DWC3_DEVTEN), 0x0a57);
	assert_int_equal(reg(DWC3_GEVNTSIZ0), UDC_DWC3_EVENT_BYTES);
	assert_int_equal(fake_count(DWC3_DEPXFERCFG), 16);
	assert_int_equal(fake.command[0].cmd, DWC3_DEPSTARTCFG);
	/* a TRB for SETUP was there before the pull-up */
	assert_false(fake.running_when_armed);
	assert_non_null(fake_trb(0));
	fake_power_off(w);
}

static void the_phys_interface_is_set_where_it_is_known(void **state)
{
	w = fake_power_on();
	w->utmi = UDC_DWC3_UTMI_16;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	assert_int_equal(reg(DWC3_GUSB2PHYCFG0) & 0x3c08, 5 << 10 | 8);
	w->udc.ops->stop(&w->udc);
	w->utmi = UDC_DWC3_UTMI_8;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	assert_int_equal(reg(DWC3_GUSB2PHYCFG0) & 0x3c08, 9 << 10);
	fake_power_off(w);
}

static void the_third_clock_is_not_needed_from_290a_on(void **state)
{
	static const struct {
		uint32_t id;
		bool set;
	} cores[] = {
		{ 0x5533280a, false }, { 0x5533290a, true },
		{ 0x5533330a, true },  { 0x33313130, false },
	};

	for (unsigned int i = 0; i < 4; i++) {
		w = fake_power_on();
		fake.reg[DWC3_GSNPSID / 4] = cores[i].id;
		fake.reg[DWC3_GUCTL1 / 4] = 0x104018a;
		assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
		assert_int_equal(reg(DWC3_GUCTL1),
				 cores[i].set ? 0x504018a : 0x104018a);
		fake_power_off(w);
	}
}

/* How long a start takes, and then one End Transfer. */
static void times_of(uint32_t id, uint32_t version, uint64_t *start,
		     uint64_t *end)
{
	uint64_t t;

	w = fake_power_on();
	fake.reg[DWC3_GSNPSID / 4] = id;
	fake.reg[DWC3_VER_NUMBER / 4] = version;
	t = fake.now;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	*start = fake.now - t;
	t = fake.now;
	dwc3_end(w, 2, 0, true);
	*end = fake.now - t;
	fake_power_off(w);
}

static void cores_are_given_the_time_that_they_need(void **state)
{
	uint64_t start, end;

	times_of(0x33313130, 0x3137302a, &start, &end);
	assert_true(start >= 50000);
	assert_true(end >= 1000);
	times_of(0x33313130, 0x3139302a, &start, &end);
	assert_true(start < 10000);
	assert_true(end >= 1000);
	times_of(0x5533300a, 0, &start, &end);
	assert_true(start < 10000);
	assert_true(end >= 1000);
	/* CMDACT says when it is done */
	times_of(0x5533310a, 0, &start, &end);
	assert_true(end < 1000);
}

static void a_core_that_does_not_start_is_an_error(void **state)
{
	w = fake_power_on();
	fake.never_resets = true;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), -ETIMEDOUT);
	fake.never_resets = false;
	fake.never_runs = true;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), -ETIMEDOUT);
	fake.never_runs = false;
	fake.refuse = true;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), -ENXIO);
	fake.refuse = false;
	fake.deaf = true;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), -ETIMEDOUT);
	assert_true(fake.now < 2000000);
	fake.deaf = false;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	fake_power_off(w);
}

static void one_that_runs_already_is_stopped_first(void **state)
{
	w = fake_power_on();
	fake.reg[DWC3_DCTL / 4] = DWC3_DCTL_RUN_STOP;
	fake.reg[DWC3_DSTS / 4] = 0;
	fake.pending = 8;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	assert_int_equal(fake.pending, 0);
	fake_power_off(w);
}

static void stopping_leaves_the_bus(void **state)
{
	open_both();
	ops->stop(&w->udc);
	assert_false(reg(DWC3_DCTL) & DWC3_DCTL_RUN_STOP);
	assert_int_equal(fake_count(DWC3_DEPENDXFER), 2);
	fake_device_event(1, 0);
	poll();
	said("");
}

static void fifos_that_hold_no_packet_are_dealt_anew(void **state)
{
	uint32_t end = 0x84;

	w = fake_power_on();
	fake.reg[DWC3_GTXFIFOSIZ(3) / 4] = 0x300 << 16 | 8;
	assert_int_equal(w->udc.ops->start(&w->udc, NULL), 0);
	for (unsigned int i = 1; i < 8; i++) {
		uint32_t v = reg(DWC3_GTXFIFOSIZ(i));

		assert_int_equal(v >> 16, end);
		assert_true((v & 0xffff) * 8 >= 512);
		end += v & 0xffff;
	}
	assert_true(end <= 0x800);
	fake_power_off(w);
}

static void an_endpoint_without_a_fifo_is_not_opened(void **state)
{
	w = fake_power_on();
	ops = w->udc.ops;
	fake.reg[DWC3_GHWPARAMS7 / 4] = 0x84 + 0x90;
	fake.reg[DWC3_GTXFIFOSIZ(2) / 4] = 0;
	assert_int_equal(ops->start(&w->udc, NULL), 0);
	assert_int_equal(ops->ep_open(&w->udc, 0x81, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->ep_open(&w->udc, 0x82, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->ep_open(&w->udc, 0x83, UDC_EP_BULK, 512, 0),
			 -ENOSPC);
	assert_int_equal(ops->ep_open(&w->udc, 0x00, UDC_EP_BULK, 512, 0),
			 -ENOSPC);
	assert_int_equal(ops->ep_open(&w->udc, 1, UDC_EP_ISOCHRONOUS, 512, 0),
			 -EINVAL);
	assert_int_equal(ops->ep_open(&w->udc, 1, UDC_EP_BULK, 0, 0), -EINVAL);
	fake_power_off(w);
}

static void numbers_beyond_the_cores_get_what_is_free(void **state)
{
	struct udc_transfer x = transfer(0, 9, "x");

	w = fake_power_on();
	ops = w->udc.ops;
	/* as an RK3399: 13, of them 7 IN; endpoint 0x86 would be the 14th */
	fake.reg[DWC3_GHWPARAMS3 / 4] = 13 << 12 | 7 << 18;
	assert_int_equal(ops->start(&w->udc, NULL), 0);
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(ops->ep_open(&w->udc, i, UDC_EP_BULK, 512, 0),
				 0);
	for (uint8_t i = 0x81; i <= 0x86; i++)
		assert_int_equal(ops->ep_open(&w->udc, i, UDC_EP_BULK, 512, 0),
				 0);
	assert_int_equal(ops->ep_open(&w->udc, 0x87, UDC_EP_BULK, 512, 0),
			 -ENOSPC);
	assert_int_equal(reg(DWC3_DALEPENA), 0x1aff);
	assert_int_equal(fake_last(DWC3_DEPCFG)->ep, 12);
	assert_int_equal(fake_last(DWC3_DEPCFG)->par1 >> 25, 13);
	assert_int_equal(ops->submit(&w->udc, 0x86, &x), 0);
	progress(12, 0);
	said("done 86 0 9 x");
	assert_int_equal(ops->ep_open(&w->udc, 4, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->ep_open(&w->udc, 5, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->ep_open(&w->udc, 6, UDC_EP_BULK, 512, 0),
			 -ENOSPC);
	fake_power_off(w);
}

/* ---- endpoint 0 ------------------------------------------------------------------ */

static void a_control_read_has_three_stages(void **state)
{
	struct udc_transfer x = transfer(0, 18, "x");
	volatile struct dwc3_trb *t;

	fake_setup(w, get_descriptor);
	said("setup 8006000100004000");
	assert_int_equal(ops->ep0_data(&w->udc, &x), 0);
	t = fake_trb(1);
	assert_non_null(t);
	assert_int_equal(t->size, 18);
	assert_int_equal(t->ctrl >> 4 & 0x3f, DWC3_TRBCTL_DATA);
	assert_ptr_equal(fake_buffer(t), buf[0]);
	fake_stage_done(w, 1, 0);
	said("done 80 0 18 x");
	ops->ep0_status(&w->udc);
	assert_null(fake_trb(0)); /* the host has not asked for it */
	fake_ep_event(0, 3, 2);
	poll();
	t = fake_trb(0);
	assert_non_null(t);
	assert_int_equal(t->ctrl >> 4 & 0x3f, DWC3_TRBCTL_STATUS3);
	fake_stage_done(w, 0, 0);
	said("status");
	assert_int_equal(fake_trb(0)->ctrl >> 4 & 0x3f, DWC3_TRBCTL_SETUP);
}

static void a_request_without_data_has_two(void **state)
{
	fake_setup(w, set_address);
	said("setup 0005090000000000");
	ops->set_address(&w->udc, 9);
	assert_int_equal(reg(DWC3_DCFG) >> 3 & 0x7f, 9);
	fake_ep_event(1, 3, 2);
	poll();
	assert_null(fake_trb(1)); /* the core has not said so */
	ops->ep0_status(&w->udc);
	assert_int_equal(fake_trb(1)->ctrl >> 4 & 0x3f, DWC3_TRBCTL_STATUS2);
	fake_stage_done(w, 1, 0);
	said("status");
}

static void a_control_write_has_its_bytes_counted(void **state)
{
	struct udc_transfer x = transfer(0, 64, "x");

	fake_setup(w, set_line);
	said("setup 2120000000000700");
	assert_int_equal(ops->ep0_data(&w->udc, &x), 0);
	assert_int_equal(fake_trb(0)->size, 64);
	fake_stage_done(w, 0, 64 - 7);
	said("done 00 0 7 x");
	fake_ep_event(1, 3, 2);
	poll();
	ops->ep0_status(&w->udc);
	fake_stage_done(w, 1, 0);
	said("status");
}

static void a_data_stage_that_does_not_fit_is_refused(void **state)
{
	struct udc_transfer x = transfer(0, 65, "x");

	assert_int_equal(ops->ep0_data(&w->udc, &x), -EINVAL);
	fake_setup(w, get_descriptor);
	assert_int_equal(ops->ep0_data(&w->udc, &x), -EINVAL);
	ops->ep0_stall(&w->udc);
	fake_setup(w, set_line);
	x.len = 7;
	assert_int_equal(ops->ep0_data(&w->udc, &x), -EINVAL);
	ops->ep0_stall(&w->udc);
	fake_setup(w, set_address);
	assert_int_equal(ops->ep0_data(&w->udc, &x), -EINVAL);
}

static void an_empty_packet_ends_a_read_that_is_full(void **state)
{
	struct udc_transfer x = transfer(0, 128, "x");
	uint8_t s[8] = { 0x80, 6, 0, 2, 0, 0, 255, 0 };
	volatile struct dwc3_trb *t;

	x.zlp = true;
	fake_setup(w, s);
	said("setup 800600020000ff00");
	assert_int_equal(ops->ep0_data(&w->udc, &x), 0);
	t = fake_trb(1);
	assert_true(t->ctrl & DWC3_TRB_CHN);
	assert_false(t->ctrl & DWC3_TRB_LST);
	assert_int_equal(t[1].size, 0);
	assert_true(t[1].ctrl & DWC3_TRB_LST);
	fake_trb_done(1, 0, 0);
	fake_stage_done(w, 1, 0);
	said("done 80 0 128 x");
}

static void a_stall_waits_for_the_next_setup(void **state)
{
	fake_setup(w, get_descriptor);
	ops->ep0_stall(&w->udc);
	assert_int_equal(fake_last(DWC3_DEPSETSTALL)->ep, 0);
	fake_log();
	fake_setup(w, get_descriptor);
	said("setup 8006000100004000");
}

static void a_setup_packet_overtakes_a_data_stage(void **state)
{
	struct udc_transfer x = transfer(0, 18, "x");

	fake_setup(w, get_descriptor);
	fake_log();
	ops->ep0_data(&w->udc, &x);
	fake_trb_done(1, 18, DWC3_TRBSTS_SETUP_PENDING);
	fake_ep_event(1, 1, 0);
	poll();
	said("done 80 -125 0 x");
	/* its status stage runs by itself, and nobody is told */
	fake_ep_event(0, 3, 2);
	poll();
	fake_trb_done(0, 0, DWC3_TRBSTS_SETUP_PENDING);
	fake_ep_event(0, 1, 0);
	poll();
	said("");
	fake_setup(w, set_address);
	said("setup 0005090000000000");
}

static void a_host_that_turns_round_is_stalled(void **state)
{
	struct udc_transfer x = transfer(0, 18, "x");

	fake_setup(w, get_descriptor);
	fake_log();
	ops->ep0_data(&w->udc, &x);
	fake_ep_event(0, 3, DWC3_NOT_READY_DATA);
	poll();
	assert_int_equal(fake_last(DWC3_DEPENDXFER)->ep, 1);
	assert_non_null(fake_last(DWC3_DEPSETSTALL));
	said("done 80 -125 0 x");
	fake_setup(w, set_address);
	said("setup 0005090000000000");
}

static void an_event_that_is_not_true_is_not_believed(void **state)
{
	fake_ep_event(0, 1, 0); /* complete, but its TRB is not */
	fake_ep_event(1, 1, 0);
	fake_ep_event(1, 3, 2);
	fake_ep_event(31, 2, 0);
	fake_ep_event(4, 1, 0);
	poll();
	said("");
	assert_int_equal(w->bad_trbs, 2);
	fake_setup(w, set_address);
	said("setup 0005090000000000");
}

/* ---- other endpoints ----------------------------------------------------------- */

static void opening_starts_a_transfer_that_goes_on(void **state)
{
	const struct fake_command *c;

	open_both();
	c = fake_last(DWC3_DEPCFG);
	assert_int_equal(c->ep, PHYS_IN1);
	assert_int_equal(c->par0, 2 << 1 | 512 << 3 | 1 << 17);
	assert_int_equal(c->par1, 1 << 9 | PHYS_IN1 << 25);
	assert_int_equal(reg(DWC3_DALEPENA), 0xf);
	assert_true(fake.xfer[PHYS_OUT1] && fake.xfer[PHYS_IN1]);
	assert_int_equal(ops->ep_open(&w->udc, IN1, UDC_EP_BULK, 512, 0),
			 -EINVAL);
}

static void transfers_are_told_of_in_order(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), b = transfer(1, 512, "b");
	struct udc_transfer c = transfer(2, 100, "c");

	open_both();
	assert_int_equal(ops->submit(&w->udc, OUT1, &a), 0);
	assert_int_equal(ops->submit(&w->udc, OUT1, &b), 0);
	assert_int_equal(ops->submit(&w->udc, IN1, &c), 0);
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 3);
	/* resource index as the start gave it, and no answer wanted */
	assert_int_equal(fake_last(DWC3_DEPUPDXFER)->param, PHYS_IN1 + 1);
	assert_int_equal(fake_last(DWC3_DEPUPDXFER)->flags, 0);
	assert_false(ops->idle(&w->udc));
	fake_trb_done(PHYS_OUT1, 505, 0);
	fake_trb_done(PHYS_OUT1, 0, 0);
	fake_ep_event(PHYS_OUT1, 2, 2);
	fake_ep_event(PHYS_OUT1, 2, 4);
	poll();
	said("done 01 0 7 a");
	said("done 01 0 512 b");
	progress(PHYS_IN1, 0);
	said("done 81 0 100 c");
	assert_true(ops->idle(&w->udc));
}

static void many_at_once_cost_one_command(void **state)
{
	struct udc_transfer x[UDC_QUEUE + 1];

	open_both();
	for (unsigned int i = 0; i < 3; i++) {
		x[i] = transfer(0, 512, "x");
		x[i].more = i < 2;
		assert_int_equal(ops->submit(&w->udc, OUT1, &x[i]), 0);
	}
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 1);
	/* one that promised more, and no more came: with the next poll */
	x[3] = transfer(0, 512, "x");
	x[3].more = true;
	assert_int_equal(ops->submit(&w->udc, OUT1, &x[3]), 0);
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 1);
	poll();
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 2);
	/* or where the last one is not taken */
	for (unsigned int i = 4; i <= UDC_QUEUE; i++) {
		x[i] = transfer(0, 512, "x");
		x[i].more = true;
		assert_int_equal(ops->submit(&w->udc, OUT1, &x[i]),
				 i < UDC_QUEUE ? 0 : -EAGAIN);
	}
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 3);
	poll();
	assert_int_equal(fake_count(DWC3_DEPUPDXFER), 3);
}

static void the_queue_is_as_long_as_the_seam_says(void **state)
{
	struct udc_transfer x[UDC_QUEUE + 1];

	open_both();
	for (unsigned int i = 0; i <= UDC_QUEUE; i++) {
		x[i] = transfer(0, 512, "x");
		x[i].zlp = true;
		assert_int_equal(ops->submit(&w->udc, IN1, &x[i]),
				 i < UDC_QUEUE ? 0 : -EAGAIN);
	}
	fake_trb_done(PHYS_IN1, 0, 0);
	progress(PHYS_IN1, 0);
	said("done 81 0 512 x");
	assert_int_equal(ops->submit(&w->udc, IN1, &x[UDC_QUEUE]), 0);
}

static void what_cannot_be_sent_is_refused(void **state)
{
	struct udc_transfer x = transfer(0, 100, "x");

	assert_int_equal(ops->submit(&w->udc, IN1, &x), -ENODEV);
	open_both();
	assert_int_equal(ops->submit(&w->udc, OUT1, &x), -EINVAL);
	x.len = 0;
	assert_int_equal(ops->submit(&w->udc, OUT1, &x), -EINVAL);
	assert_int_equal(ops->submit(&w->udc, IN1, &x), 0);
	x.len = 0x2000000;
	assert_int_equal(ops->submit(&w->udc, IN1, &x), -EINVAL);
	assert_int_equal(ops->submit(&w->udc, 0x8f, &x), -ENODEV);
}

static void flushing_cancels_what_is_queued(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), b = transfer(1, 512, "b");
	struct udc_transfer c = transfer(2, 512, "c");

	open_both();
	ops->submit(&w->udc, IN1, &a);
	ops->submit(&w->udc, IN1, &b);
	fake_trb_done(PHYS_IN1, 0, 0); /* sent, but not told yet */
	ops->ep_flush(&w->udc, IN1);
	assert_int_equal(fake_last(DWC3_DEPENDXFER)->param, PHYS_IN1 + 1);
	assert_int_equal(ops->submit(&w->udc, IN1, &c), 0);
	poll();
	said("done 81 -125 512 a");
	said("done 81 -125 0 b");
	said("");
	assert_ptr_equal(fake_buffer(fake_trb(PHYS_IN1)), buf[2]);
	progress(PHYS_IN1, 0);
	said("done 81 0 512 c");
}

static void a_transfer_does_not_end_in_the_middle_of_a_request(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), b = transfer(1, 512, "b");
	struct udc_transfer x = transfer(2, 18, "x");

	open_both();
	ops->submit(&w->udc, OUT1, &a);
	fake_setup(w, get_descriptor);
	fake_log();
	ops->ep0_data(&w->udc, &x);
	ops->ep_close(&w->udc, OUT1);
	assert_int_equal(ops->ep_open(&w->udc, OUT1, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->submit(&w->udc, OUT1, &b), 0);
	poll();
	said("");
	assert_int_equal(fake_count(DWC3_DEPENDXFER), 0);
	fake_stage_done(w, 1, 0);
	said("done 80 0 18 x");
	ops->ep0_status(&w->udc);
	fake_ep_event(0, 3, 2);
	poll();
	fake_stage_done(w, 0, 0);
	assert_int_equal(fake_count(DWC3_DEPENDXFER), 1);
	said("status");
	said("done 01 -125 0 a");
	assert_ptr_equal(fake_buffer(fake_trb(PHYS_OUT1)), buf[1]);
	progress(PHYS_OUT1, 0);
	said("done 01 0 512 b");
}

static void closing_and_opening_again_starts_anew(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), b = transfer(1, 512, "b");

	open_both();
	ops->submit(&w->udc, OUT1, &a);
	ops->ep_close(&w->udc, OUT1);
	assert_int_equal(reg(DWC3_DALEPENA), 0xb);
	assert_int_equal(ops->submit(&w->udc, OUT1, &b), -ENODEV);
	assert_int_equal(ops->ep_open(&w->udc, OUT1, UDC_EP_BULK, 512, 0), 0);
	assert_int_equal(ops->submit(&w->udc, OUT1, &b), 0);
	poll();
	said("done 01 -125 0 a");
	progress(PHYS_OUT1, 0);
	said("done 01 0 512 b");
}

static void a_halt_keeps_the_queue(void **state)
{
	struct udc_transfer a = transfer(0, 1024, "a"), b = transfer(1, 9, "b");

	open_both();
	ops->submit(&w->udc, IN1, &a);
	ops->submit(&w->udc, IN1, &b);
	ops->ep_halt(&w->udc, IN1, true);
	assert_int_equal(fake_last(DWC3_DEPSETSTALL)->ep, PHYS_IN1);
	/* half of it is out, which End Transfer writes back */
	fake_trb(PHYS_IN1)->size = 512;
	ops->ep_halt(&w->udc, IN1, false);
	assert_int_equal(fake_last(DWC3_DEPCLEARSTALL)->ep, PHYS_IN1);
	assert_false(fake_last(DWC3_DEPENDXFER)->flags & DWC3_DEPCMD_FORCERM);
	assert_ptr_equal(fake_buffer(fake_trb(PHYS_IN1)), buf[0] + 512);
	assert_int_equal(fake_trb(PHYS_IN1)->size, 512);
	progress(PHYS_IN1, 0);
	progress(PHYS_IN1, 0);
	said("done 81 0 1024 a");
	said("done 81 0 9 b");
}

static struct udc_transfer resubmitted;

static void resubmit(const char *entry)
{
	if (strncmp(entry, "done 01", 7) == 0)
		snprintf(core.log[core.at++], sizeof(core.log[0]), "submit %d",
			 ops->submit(&w->udc, OUT1, &resubmitted));
}

static void a_reset_cancels_before_it_is_told(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), x = transfer(2, 18, "x");

	open_both();
	resubmitted = transfer(1, 512, "r");
	core.react = resubmit;
	ops->submit(&w->udc, OUT1, &a);
	ops->set_address(&w->udc, 5);
	fake_setup(w, get_descriptor);
	fake_log();
	ops->ep0_data(&w->udc, &x);
	fake_bus_reset(w);
	said("done 80 -125 0 x");
	said("done 01 -125 0 a");
	said("submit -19");
	said("reset");
	said("connect high");
	assert_int_equal(reg(DWC3_DALEPENA), 3);
	assert_int_equal(reg(DWC3_DCFG) >> 3 & 0x7f, 0);
	fake_setup(w, set_address);
	said("setup 0005090000000000");
}

static void a_completion_may_submit_the_next(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a");

	open_both();
	resubmitted = transfer(1, 512, "r");
	core.react = resubmit;
	ops->submit(&w->udc, OUT1, &a);
	progress(PHYS_OUT1, 0);
	said("done 01 0 512 a");
	said("submit 0");
	progress(PHYS_OUT1, 500);
	said("done 01 0 12 r");
}

static void a_damaged_trb_costs_its_transfer(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a"), b = transfer(1, 512, "b");

	open_both();
	ops->submit(&w->udc, OUT1, &a);
	ops->submit(&w->udc, OUT1, &b);
	progress(PHYS_OUT1, 513);
	said("done 01 -5 0 a");
	progress(PHYS_OUT1, 0);
	said("done 01 0 512 b");
	assert_int_equal(w->bad_trbs, 1);
}

static void a_start_that_is_refused_is_an_error(void **state)
{
	fake.refuse = true;
	assert_int_equal(ops->ep_open(&w->udc, IN1, UDC_EP_BULK, 512, 0),
			 -ENOSPC);
	fake.refuse = false;
	ops->ep_close(&w->udc, IN1);
	assert_int_equal(ops->ep_open(&w->udc, IN1, UDC_EP_BULK, 512, 0), 0);
}

/* ---- the bus ---------------------------------------------------------------------- */

static void the_speed_is_told(void **state)
{
	fake.reg[DWC3_DSTS / 4] |= 1;
	fake_bus_reset(w);
	said("reset");
	said("connect full");
}

static void suspend_and_resume_are_told_once(void **state)
{
	fake_device_event(6, 3);
	fake_device_event(6, 3);
	fake_device_event(4, 0);
	fake_device_event(3, 0);
	poll();
	said("suspend");
	said("resume");
	said("");
}

static void a_disconnect_ends_all(void **state)
{
	struct udc_transfer a = transfer(0, 512, "a");

	open_both();
	ops->submit(&w->udc, IN1, &a);
	fake_device_event(0, 0);
	poll();
	said("done 81 -125 0 a");
	said("disconnect");
	assert_true(ops->idle(&w->udc));
}

static void test_modes_are_the_five(void **state)
{
	assert_int_equal(ops->test_mode(&w->udc, 0), -EINVAL);
	assert_int_equal(ops->test_mode(&w->udc, 6), -EINVAL);
	assert_int_equal(ops->test_mode(&w->udc, 4), 0);
	assert_int_equal(reg(DWC3_DCTL) & DWC3_DCTL_TSTCTRL_MASK, 4 << 1);
	fake_bus_reset(w);
	assert_int_equal(reg(DWC3_DCTL) & DWC3_DCTL_TSTCTRL_MASK, 0);
}

static void a_controller_that_always_has_events_is_left_at_some_time(
	void **state)
{
	memset(w->mem, 0xff, UDC_DWC3_EVENT_BYTES);
	fake.pending = 0xfffffffc;
	poll();
	said("");
	assert_int_equal((0xfffffffc - fake.pending) / 4, 16 * 64);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_dwc3_is_said_so),
		cmocka_unit_test(memory_that_does_not_do_is_refused),
		cmocka_unit_test(starting_makes_it_a_device_on_the_bus),
		cmocka_unit_test(the_phys_interface_is_set_where_it_is_known),
		cmocka_unit_test(the_third_clock_is_not_needed_from_290a_on),
		cmocka_unit_test(cores_are_given_the_time_that_they_need),
		cmocka_unit_test(a_core_that_does_not_start_is_an_error),
		cmocka_unit_test(one_that_runs_already_is_stopped_first),
		T(stopping_leaves_the_bus),
		cmocka_unit_test(fifos_that_hold_no_packet_are_dealt_anew),
		cmocka_unit_test(an_endpoint_without_a_fifo_is_not_opened),
		cmocka_unit_test(numbers_beyond_the_cores_get_what_is_free),
		T(a_control_read_has_three_stages),
		T(a_request_without_data_has_two),
		T(a_control_write_has_its_bytes_counted),
		T(a_data_stage_that_does_not_fit_is_refused),
		T(an_empty_packet_ends_a_read_that_is_full),
		T(a_stall_waits_for_the_next_setup),
		T(a_setup_packet_overtakes_a_data_stage),
		T(a_host_that_turns_round_is_stalled),
		T(an_event_that_is_not_true_is_not_believed),
		T(opening_starts_a_transfer_that_goes_on),
		T(transfers_are_told_of_in_order),
		T(many_at_once_cost_one_command),
		T(the_queue_is_as_long_as_the_seam_says),
		T(what_cannot_be_sent_is_refused),
		T(flushing_cancels_what_is_queued),
		T(a_transfer_does_not_end_in_the_middle_of_a_request),
		T(closing_and_opening_again_starts_anew),
		T(a_halt_keeps_the_queue),
		T(a_reset_cancels_before_it_is_told),
		T(a_completion_may_submit_the_next),
		T(a_damaged_trb_costs_its_transfer),
		T(a_start_that_is_refused_is_an_error),
		T(the_speed_is_told),
		T(suspend_and_resume_are_told_once),
		T(a_disconnect_ends_all),
		T(test_modes_are_the_five),
		T(a_controller_that_always_has_events_is_left_at_some_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
