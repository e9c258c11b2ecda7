/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * See udc_dwc3.h. Starting and stopping the core, commands, events of the
 * device. Sequences are those of Linux's driver, which follows the databook.
 */
#include "transport/usb/udc_dwc3.h"

#include <errno.h>
#include <string.h>

#include "transport/dma.h"
#include "transport/usb/udc_dwc3_internal.h"

#define COMMAND_US 2000
#define RESET_US 200000 /* what a DWC_usb31 1.90a may take */
#define SETTLE_US 50000 /* after it, up to a DWC_usb31 1.80a */
#define RUN_US 100000
#define END_DELAY_US 1000 /* what End Transfer may take after CMDACT */
#define SILENT 3 /* commands without an answer, then none is waited for */
#define BATCH 64	 /* events */
#define BATCHES 16	 /* in one poll */
#define NEWER 0xffff

/* ---- waiting and commands ------------------------------------------------- */

int dwc3_wait(struct udc_dwc3 *w, uint32_t reg, uint32_t mask, uint32_t want,
	      uint32_t us)
{
	uint64_t end = dwc3_now_us() + us;

	for (;;) {
		bool late = dwc3_now_us() > end;

		if ((dwc3_get(w, reg) & mask) == want)
			return 0;
		if (late)
			break;
	}
	w->timeouts++;
	return -ETIMEDOUT;
}

static void pause(uint32_t us)
{
	uint64_t end = dwc3_now_us() + us;

	while (dwc3_now_us() < end)
		;
}

int dwc3_command(struct udc_dwc3 *w, unsigned int ep, uint32_t cmd,
		 struct dwc3_par par, uint8_t *resource)
{
	uint32_t v;
	int err;

	/* one that is stuck must not cost the guest's CPU its time */
	if (w->silent >= SILENT)
		return -ETIMEDOUT;
	dwc3_put(w, DWC3_DEPCMDPAR0(ep), par.p0);
	dwc3_put(w, DWC3_DEPCMDPAR1(ep), par.p1);
	dwc3_put(w, DWC3_DEPCMDPAR2(ep), par.p2);
	dwc3_put(w, DWC3_DEPCMD(ep), cmd | DWC3_DEPCMD_CMDACT);
	err = dwc3_wait(w, DWC3_DEPCMD(ep), DWC3_DEPCMD_CMDACT, 0, COMMAND_US);
	w->silent = err ? w->silent + 1 : 0;
	if (err)
		return err;
	v = dwc3_get(w, DWC3_DEPCMD(ep));
	if (resource)
		*resource = DWC3_DEPCMD_RSC_IDX(v);
	if (!DWC3_DEPCMD_STATUS(v))
		return 0;
	w->refused++;
	return -EIO;
}

int dwc3_start_xfer(struct udc_dwc3 *w, unsigned int ep, uint64_t trb,
		    uint8_t *resource)
{
	struct dwc3_par p = { .p0 = (uint32_t)(trb >> 32),
			      .p1 = (uint32_t)trb };

	return dwc3_command(w, ep, DWC3_DEPSTARTXFER, p, resource);
}

void dwc3_update(struct udc_dwc3 *w, unsigned int ep, uint8_t resource)
{
	/* no CMDACT: "no response", further commands need not wait for it */
	dwc3_put(w, DWC3_DEPCMD(ep),
		 DWC3_DEPUPDXFER | DWC3_DEPCMD_PARAM(resource));
}

void dwc3_end(struct udc_dwc3 *w, unsigned int ep, uint8_t resource,
	      bool force)
{
	/* its event makes sure that poll() is called, which tells the core */
	int err = dwc3_command(w, ep,
			       DWC3_DEPENDXFER | DWC3_DEPCMD_CMDIOC |
				       (force ? DWC3_DEPCMD_FORCERM : 0) |
				       DWC3_DEPCMD_PARAM(resource),
			       (struct dwc3_par){ 0 }, NULL);

	if (!err && w->end_delay_us)
		pause(w->end_delay_us);
}

/* ---- what is there ----------------------------------------------------------- */

static bool is_newer(const struct udc_dwc3 *w, uint16_t revision)
{
	return w->revision >= revision;
}

static void identify(struct udc_dwc3 *w)
{
	uint32_t id = dwc3_get(w, DWC3_GSNPSID);
	uint32_t p3 = dwc3_get(w, DWC3_GHWPARAMS3);

	w->core = (uint16_t)(id >> 16);
	w->revision = w->core == DWC3_CORE_USB3 ? (uint16_t)id : NEWER;
	w->num_eps = DWC3_GHWPARAMS3_NUM_EPS(p3);
	if (w->num_eps > DWC3_ENDPOINTS)
		w->num_eps = DWC3_ENDPOINTS;
	w->num_in_eps = DWC3_GHWPARAMS3_NUM_IN_EPS(p3);
	if (w->num_in_eps > DWC3_ENDPOINTS / 2)
		w->num_in_eps = DWC3_ENDPOINTS / 2;
}

int udc_dwc3_probe(uint64_t base, struct strbuf *why)
{
	uint32_t id = dwc3_read(base, DWC3_GSNPSID);
	uint32_t mode = DWC3_GHWPARAMS0_MODE(dwc3_read(base, DWC3_GHWPARAMS0));
	uint32_t eps = DWC3_GHWPARAMS3_NUM_EPS(dwc3_read(base, DWC3_GHWPARAMS3));

	if (id >> 16 != DWC3_CORE_USB3 && id >> 16 != DWC3_CORE_USB31 &&
	    id >> 16 != DWC3_CORE_USB32)
		strbuf_printf(why, "GSNPSID is 0x%08x, which is no DWC3 (or one without power or clock)",
			      id);
	else if (mode == 1)
		strbuf_puts(why, "a DWC3 that can only be a host");
	else if (eps < 2)
		strbuf_printf(why, "a DWC3 with %u endpoints", eps);
	else
		return 0;
	return -ENODEV;
}

/* ---- starting -------------------------------------------------------------------- */

/* Whoever used it before (a boot loader) has it run no more. */
static int halt_core(struct udc_dwc3 *w)
{
	uint64_t end = dwc3_now_us() + RUN_US;

	if (!(dwc3_get(w, DWC3_DCTL) & DWC3_DCTL_RUN_STOP))
		return 0;
	dwc3_put(w, DWC3_DEVTEN, 0);
	dwc3_change_dctl(w, DWC3_DCTL_RUN_STOP | DWC3_DCTL_KEEP_CONNECT, 0);
	/* it halts when all of its events were taken */
	while (!(dwc3_get(w, DWC3_DSTS) & DWC3_DSTS_DEVCTRLHLT)) {
		dwc3_put(w, DWC3_GEVNTCOUNT0,
			 dwc3_get(w, DWC3_GEVNTCOUNT0) & DWC3_GEVNTCOUNT_MASK);
		if (dwc3_now_us() > end) {
			w->timeouts++;
			return -ETIMEDOUT;
		}
	}
	return 0;
}

/*
 * A core with a SuperSpeed half waits for the clock of that PHY, which need not
 * run where we use the other half only: it is given the USB 2.0 PHY's.
 */
static void use_one_clock(struct udc_dwc3 *w)
{
	if (w->core == DWC3_CORE_USB3 && is_newer(w, 0x290a))
		dwc3_change(w, DWC3_GUCTL1, 0,
			    DWC3_GUCTL1_DEV_FORCE_20_CLK_FOR_30_CLK);
}

static int reset_core(struct udc_dwc3 *w)
{
	int err;

	halt_core(w); /* the reset helps one that does not */
	use_one_clock(w);
	dwc3_change_dctl(w, DWC3_DCTL_RUN_STOP, DWC3_DCTL_CSFTRST);
	err = dwc3_wait(w, DWC3_DCTL, DWC3_DCTL_CSFTRST, 0, RESET_US);
	if (!err && w->core == DWC3_CORE_USB31 &&
	    dwc3_get(w, DWC3_VER_NUMBER) <= DWC31_VER_180A)
		pause(SETTLE_US);
	return err;
}

static void setup_globals(struct udc_dwc3 *w)
{
	/* commands need the PHY's clock: it is never suspended */
	uint32_t clear = DWC3_GUSB2PHYCFG_SUSPHY | DWC3_GUSB2PHYCFG_ENBLSLPM;
	uint32_t set = 0;

	if (w->utmi != UDC_DWC3_UTMI_KEEP)
		clear |= DWC3_GUSB2PHYCFG_PHYIF | DWC3_GUSB2PHYCFG_TRDTIM_MASK;
	if (w->utmi == UDC_DWC3_UTMI_8)
		set = DWC3_GUSB2PHYCFG_TRDTIM(9);
	if (w->utmi == UDC_DWC3_UTMI_16)
		set = DWC3_GUSB2PHYCFG_TRDTIM(5) | DWC3_GUSB2PHYCFG_PHYIF;
	dwc3_change(w, DWC3_GUSB2PHYCFG0, clear, set);
	dwc3_change(w, DWC3_GCTL,
		    DWC3_GCTL_PRTCAPDIR_MASK | DWC3_GCTL_SCALEDOWN_MASK |
			    DWC3_GCTL_DISSCRAMBLE,
		    DWC3_GCTL_PRTCAPDIR_DEVICE);
	use_one_clock(w); /* again: the reset forgets it */
	w->end_delay_us = END_DELAY_US;
	if (w->core == DWC3_CORE_USB3 && is_newer(w, 0x310a)) {
		dwc3_change(w, DWC3_GUCTL2, 0, DWC3_GUCTL2_RST_ACTBITLATER);
		w->end_delay_us = 0;
	}
	if (is_newer(w, 0x300a))
		dwc3_put(w, DWC3_DEV_IMOD0, 0);
}

static void setup_events(struct udc_dwc3 *w)
{
	uint64_t addr = dma_addr(w->events.word);

	w->events.at = 0;
	dwc3_put(w, DWC3_GEVNTADRLO0, (uint32_t)addr);
	dwc3_put(w, DWC3_GEVNTADRHI0, (uint32_t)(addr >> 32));
	dwc3_put(w, DWC3_GEVNTSIZ0, UDC_DWC3_EVENT_BYTES);
	dwc3_put(w, DWC3_GEVNTCOUNT0,
		 dwc3_get(w, DWC3_GEVNTCOUNT0) & DWC3_GEVNTCOUNT_MASK);
}

static void setup_device(struct udc_dwc3 *w)
{
	bool full = w->udc.max_speed == UDC_SPEED_FULL;

	dwc3_change(w, DWC3_DCFG,
		    DWC3_DCFG_SPEED_MASK | DWC3_DCFG_DEVADDR_MASK |
			    DWC3_DCFG_LPM_CAP,
		    full ? DWC3_DCFG_FULLSPEED : DWC3_DCFG_HIGHSPEED);
	dwc3_change_dctl(w,
			 DWC3_DCTL_TSTCTRL_MASK | DWC3_DCTL_INIT_ACCEPT_MASK |
				 DWC3_DCTL_HIRD_THRES_MASK |
				 DWC3_DCTL_L1_HIBER_EN,
			 0);
}

/* A transfer resource for each endpoint, once: as many as there are. */
static int setup_endpoints(struct udc_dwc3 *w)
{
	struct dwc3_par one = { .p0 = 1 };
	int err = dwc3_command(w, 0, DWC3_DEPSTARTCFG, (struct dwc3_par){ 0 },
			       NULL);

	for (unsigned int i = 0; !err && i < w->num_eps; i++)
		err = dwc3_command(w, i, DWC3_DEPXFERCFG, one, NULL);
	if (!err)
		err = dwc3_ep0_configure(w, false);
	if (!err)
		dwc3_put(w, DWC3_DALEPENA, 3);
	return err;
}

static void enable_events(struct udc_dwc3 *w)
{
	uint32_t v = DWC3_DEVTEN_EVNTOVERFLOW | DWC3_DEVTEN_ERRTICERR |
		     DWC3_DEVTEN_WKUPEVT | DWC3_DEVTEN_CONNECTDONE |
		     DWC3_DEVTEN_USBRST | DWC3_DEVTEN_DISCONNEVT;

	/* suspend has an event of its own since 2.30a */
	v |= is_newer(w, 0x230a) ? DWC3_DEVTEN_U3L2L1SUSP : DWC3_DEVTEN_ULSTCNG;
	dwc3_put(w, DWC3_DEVTEN, v);
}

static void forget(struct udc_dwc3 *w)
{
	for (unsigned int i = 2; i < DWC3_ENDPOINTS; i++) {
		struct dwc3_ep *ep = &w->ep[i];

		memset(ep, 0, sizeof(*ep));
		dwc3_ring_init(&ep->ring, w->mem + UDC_DWC3_EVENT_BYTES + 4096 +
						  i * DWC3_RING_BYTES);
	}
	memset(w->ep_of, 0, sizeof(w->ep_of));
	memset(&w->ep0, 0, sizeof(w->ep0));
	w->ep0.trb = (void *)(w->mem + UDC_DWC3_EVENT_BYTES);
	w->ep0.setup = w->mem + UDC_DWC3_EVENT_BYTES + 2 * UDC_ALIGN;
	w->connected = w->suspended = w->on_bus = false;
	w->silent = 0;
}

static void stop(struct udc *u)
{
	struct udc_dwc3 *w = dwc3_of(u);

	if (!w->started)
		return;
	w->started = false;
	/* transfers end before it leaves the bus (databook 3.30a, 4.1.8) */
	for (unsigned int i = 2; i < DWC3_ENDPOINTS; i++)
		if (w->ep[i].running)
			dwc3_end(w, w->ep[i].phys, w->ep[i].resource, true);
	dwc3_put(w, DWC3_DALEPENA, 0);
	halt_core(w);
	/* nobody takes an event that comes now, or lowers its interrupt */
	dwc3_put(w, DWC3_GEVNTSIZ0,
		 DWC3_GEVNTSIZ_INTMASK | UDC_DWC3_EVENT_BYTES);
	forget(w);
}

static int start(struct udc *u, struct usbd *d)
{
	struct udc_dwc3 *w = dwc3_of(u);
	int err;

	identify(w);
	if (w->num_eps < 2)
		return -ENXIO;
	w->usbd = d;
	forget(w);
	err = reset_core(w);
	if (err)
		return err;
	setup_globals(w);
	setup_events(w);
	setup_device(w);
	dwc3_fifo_setup(w);
	err = setup_endpoints(w);
	if (err)
		return err == -EIO ? -ENXIO : err;
	w->started = true;
	dwc3_ep0_arm(w);
	enable_events(w);
	dwc3_change_dctl(w, DWC3_DCTL_KEEP_CONNECT, DWC3_DCTL_RUN_STOP);
	err = dwc3_wait(w, DWC3_DSTS, DWC3_DSTS_DEVCTRLHLT, 0, RUN_US);
	if (err)
		stop(u);
	return err;
}

/* ---- events of the device ------------------------------------------------------- */

static void set_address(struct udc *u, uint8_t address)
{
	dwc3_change(dwc3_of(u), DWC3_DCFG, DWC3_DCFG_DEVADDR_MASK,
		    DWC3_DCFG_DEVADDR(address & 0x7f));
}

/* Nothing of what the host and the core agreed upon holds any more. */
static void drop_all(struct udc_dwc3 *w)
{
	dwc3_ep0_restart(w);
	dwc3_ep_close_all(w);
	dwc3_ep0_deliver(w);
	dwc3_ep_deliver(w);
	w->suspended = false;
}

static void on_reset(struct udc_dwc3 *w)
{
	w->on_bus = true;
	drop_all(w);
	dwc3_change_dctl(w, DWC3_DCTL_TSTCTRL_MASK, 0);
	set_address(&w->udc, 0);
	usbd_on_reset(w->usbd);
}

static void on_connect_done(struct udc_dwc3 *w)
{
	uint32_t speed = DWC3_DSTS_CONNECTSPD(dwc3_get(w, DWC3_DSTS));

	w->connected = true;
	dwc3_ep0_configure(w, true);
	usbd_on_connect(w->usbd, speed == DWC3_SPEED_HIGH ? UDC_SPEED_HIGH :
							    UDC_SPEED_FULL);
}

static void on_disconnect(struct udc_dwc3 *w)
{
	dwc3_change(w, DWC3_DCTL, DWC3_DCTL_ULSTCHNGREQ_MASK,
		    DWC3_DCTL_ULSTCHNGREQ(DWC3_LINK_RX_DETECT));
	w->connected = false;
	drop_all(w);
	set_address(&w->udc, 0);
	usbd_on_disconnect(w->usbd);
}

static void on_link(struct udc_dwc3 *w, uint8_t state)
{
	if (state == DWC3_LINK_SUSPEND && !w->suspended && w->connected) {
		w->suspended = true;
		usbd_on_suspend(w->usbd);
	} else if ((state == DWC3_LINK_ON || state == DWC3_LINK_RESUME) &&
		   w->suspended) {
		w->suspended = false;
		usbd_on_resume(w->usbd);
	}
}

static void device_event(struct udc_dwc3 *w, const struct dwc3_event *e)
{
	switch (e->kind) {
	case DWC3_EVENT_RESET:
		on_reset(w);
		break;
	case DWC3_EVENT_CONNECT_DONE:
		on_connect_done(w);
		break;
	case DWC3_EVENT_DISCONNECT:
		on_disconnect(w);
		break;
	case DWC3_EVENT_LINK:
	case DWC3_EVENT_SUSPEND:
		on_link(w, e->link_state);
		break;
	case DWC3_EVENT_WAKEUP:
		on_link(w, DWC3_LINK_RESUME);
		break;
	case DWC3_EVENT_OVERFLOW:
		w->overflows++;
		break;
	default:
		break;
	}
}

static void handle(struct udc_dwc3 *w, uint32_t raw)
{
	struct dwc3_event e = dwc3_event_decode(raw);

	if (e.kind == DWC3_EVENT_NONE)
		return;
	if (e.kind >= DWC3_EVENT_DISCONNECT)
		device_event(w, &e);
	else if (e.ep < 2)
		dwc3_ep0_event(w, e.ep, &e);
	else if (e.ep < w->num_eps)
		dwc3_ep_event(w, e.ep, &e);
	dwc3_ep0_deliver(w);
}

static void poll(struct udc *u)
{
	struct udc_dwc3 *w = dwc3_of(u);
	uint32_t batch[BATCH];

	for (unsigned int i = 0; w->started && i < BATCHES; i++) {
		uint32_t bytes = dwc3_get(w, DWC3_GEVNTCOUNT0) &
				 DWC3_GEVNTCOUNT_MASK;
		unsigned int n = dwc3_event_take(&w->events, bytes, batch,
						 BATCH);

		if (!n)
			break;
		dwc3_put(w, DWC3_GEVNTCOUNT0, 4 * n);
		for (unsigned int k = 0; k < n && w->started; k++)
			handle(w, batch[k]);
	}
	if (w->started)
		dwc3_ep_deliver(w);
}

/* ---- the rest of the seam --------------------------------------------------------- */

static void set_configured(struct udc *u, bool configured)
{
	/* endpoints say all that the controller wants to know */
}

static int test_mode(struct udc *u, uint8_t selector)
{
	if (selector < 1 || selector > 5)
		return -EINVAL;
	dwc3_change_dctl(dwc3_of(u), DWC3_DCTL_TSTCTRL_MASK,
			 DWC3_DCTL_TSTCTRL(selector));
	return 0;
}

static bool idle(struct udc *u)
{
	struct udc_dwc3 *w = dwc3_of(u);

	return !w->connected ||
	       (dwc3_ep_idle(w) && w->ep0.phase == DWC3_EP0_SETUP);
}

static const struct udc_ops ops = {
	.name = "dwc3",
	.start = start,
	.stop = stop,
	.poll = poll,
	.set_address = set_address,
	.set_configured = set_configured,
	.ep_open = dwc3_ep_open,
	.ep_close = dwc3_ep_close,
	.submit = dwc3_ep_submit,
	.ep_flush = dwc3_ep_flush,
	.ep_halt = dwc3_ep_halt,
	.ep0_data = dwc3_ep0_data,
	.ep0_status = dwc3_ep0_status,
	.ep0_stall = dwc3_ep0_stall,
	.test_mode = test_mode,
	.idle = idle,
};

int udc_dwc3_init(struct udc_dwc3 *w, const struct udc_dwc3_config *c,
		  struct strbuf *why)
{
	uint64_t mem = (uint64_t)(uintptr_t)c->mem;

	memset(w, 0, sizeof(*w));
	if (!mem || mem % UDC_DWC3_ALIGN || c->memlen < UDC_DWC3_MEMORY) {
		strbuf_puts(why, "its memory is too small or not aligned");
		return -EINVAL;
	}
	w->base = c->base;
	if (DWC3_GHWPARAMS0_AWIDTH(dwc3_get(w, DWC3_GHWPARAMS0)) <= 32 &&
	    (mem + c->memlen) >> 32) {
		strbuf_printf(why, "it reaches 32 address bits, its memory is at 0x%llx",
			      (unsigned long long)mem);
		return -EINVAL;
	}
	w->udc = (struct udc){
		.ops = &ops,
		.irq = c->irq,
		.max_speed = c->max_speed,
	};
	w->utmi = c->utmi;
	w->mem = c->mem;
	w->events.word = c->mem;
	w->events.words = UDC_DWC3_EVENT_BYTES / 4;
	identify(w);
	forget(w);
	return 0;
}

void udc_dwc3_info(const struct udc_dwc3 *w, struct strbuf *out)
{
	const char *core = w->core == DWC3_CORE_USB3  ? "DWC_usb3" :
			   w->core == DWC3_CORE_USB31 ? "DWC_usb31" :
							"DWC_usb32";

	strbuf_printf(out, "%s at 0x%llx, interrupt %u", core,
		      (unsigned long long)w->base, w->udc.irq);
	if (w->revision != NEWER)
		strbuf_printf(out, ", revision %x.%02xa", w->revision >> 12,
			      w->revision >> 4 & 0xff);
	strbuf_printf(out, ", %u endpoints; %s", w->num_eps,
		      !w->started  ? "stopped" :
		      w->silent >= SILENT ? "does not answer" :
		      !w->on_bus   ? "no host was seen" :
		      w->suspended ? "suspended" :
		      w->connected ? "connected" :
				     "not connected");
	if (w->timeouts || w->refused || w->overflows || w->bad_trbs)
		strbuf_printf(out, "; %u timeouts, %u commands refused, %u event overflows, %u damaged TRBs",
			      w->timeouts, w->refused, w->overflows,
			      w->bad_trbs);
}
