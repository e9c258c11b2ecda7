/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/* Descriptors in words. The field names are those of the documents. */
#include "device.h"

enum kind {
	U8,
	HEX8,
	U16,
	HEX16,
	BCD,
	STR,
	POWER,
	END
};

struct field {
	const char *name;
	enum kind kind;
	unsigned int at;
};

static const struct field device_fields[] = {
	{"bcdUSB", BCD, 2},
	{"bDeviceClass", HEX8, 4},
	{"bDeviceSubClass", HEX8, 5},
	{"bDeviceProtocol", HEX8, 6},
	{"bMaxPacketSize0", U8, 7},
	{"idVendor", HEX16, 8},
	{"idProduct", HEX16, 10},
	{"bcdDevice", BCD, 12},
	{"iManufacturer", STR, 14},
	{"iProduct", STR, 15},
	{"iSerialNumber", STR, 16},
	{"bNumConfigurations", U8, 17},
	{NULL, END, 0},
};
static const struct field config_fields[] = {
	{"wTotalLength", U16, 2},
	{"bNumInterfaces", U8, 4},
	{"bConfigurationValue", U8, 5},
	{"iConfiguration", STR, 6},
	{"bmAttributes", HEX8, 7},
	{"MaxPower", POWER, 8},
	{NULL, END, 0},
};
static const struct field association_fields[] = {
	{"bFirstInterface", U8, 2},
	{"bInterfaceCount", U8, 3},
	{"bFunctionClass", HEX8, 4},
	{"bFunctionSubClass", HEX8, 5},
	{"bFunctionProtocol", HEX8, 6},
	{"iFunction", STR, 7},
	{NULL, END, 0},
};
static const struct field interface_fields[] = {
	{"bInterfaceNumber", U8, 2},	 {"bAlternateSetting", U8, 3},
	{"bNumEndpoints", U8, 4},	 {"bInterfaceClass", HEX8, 5},
	{"bInterfaceSubClass", HEX8, 6}, {"bInterfaceProtocol", HEX8, 7},
	{"iInterface", STR, 8},		 {NULL, END, 0},
};
static const struct field endpoint_fields[] = {
	{"bEndpointAddress", HEX8, 2},
	{"bmAttributes", HEX8, 3},
	{"wMaxPacketSize", U16, 4},
	{"bInterval", U8, 6},
	{NULL, END, 0},
};
static const struct field header_fields[] = {
	{"bcdCDC", BCD, 3},
	{NULL, END, 0},
};
static const struct field call_fields[] = {
	{"bmCapabilities", HEX8, 3},
	{"bDataInterface", U8, 4},
	{NULL, END, 0},
};
static const struct field acm_fields[] = {
	{"bmCapabilities", HEX8, 3},
	{NULL, END, 0},
};
static const struct field union_fields[] = {
	{"bMasterInterface", U8, 3},
	{"bSlaveInterface", U8, 4},
	{NULL, END, 0},
};

static void print_field(const struct device *d, const struct field *f,
			const uint8_t *p, int indent, FILE *out)
{
	const char *text;

	fprintf(out, "%*s%-*s ", indent, "", 26 - indent, f->name);
	switch (f->kind) {
	case U8:
		fprintf(out, "%u\n", p[f->at]);
		break;
	case HEX8:
		fprintf(out, "0x%02x\n", p[f->at]);
		break;
	case U16:
		fprintf(out, "%u\n", get16(p + f->at));
		break;
	case HEX16:
		fprintf(out, "0x%04x\n", get16(p + f->at));
		break;
	case BCD:
		fprintf(out, "%x.%02x\n", p[f->at + 1], p[f->at]);
		break;
	case STR:
		text = d->strings[p[f->at]];
		fprintf(out, "%u %s\n", p[f->at], text ? text : "");
		break;
	case POWER:
		fprintf(out, "%u mA\n", p[f->at] * 2);
		break;
	case END:
		break;
	}
}

static void print_fields(const struct device *d, const char *title,
			 const struct field *f, const uint8_t *p,
			 unsigned int len, int indent, FILE *out)
{
	fprintf(out, "%*s%s:\n", indent, "", title);
	for (; f->name; f++)
		if (f->at + (f->kind == U16 || f->kind == HEX16 ||
			     f->kind == BCD) <
		    len)
			print_field(d, f, p, indent + 2, out);
}

static void print_class(const struct device *d, const uint8_t *p, FILE *out)
{
	static const struct {
		uint8_t subtype;
		const char *title;
		const struct field *fields;
	} known[] = {
		{0, "CDC Header", header_fields},
		{1, "CDC Call Management", call_fields},
		{2, "CDC ACM", acm_fields},
		{6, "CDC Union", union_fields},
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].subtype == p[2]) {
			print_fields(d, known[i].title, known[i].fields, p,
				     p[0], 6, out);
			return;
		}
	fprintf(out, "      Class descriptor, subtype 0x%02x\n", p[2]);
}

static void print_one(const struct device *d, const uint8_t *p, FILE *out)
{
	switch (p[1]) {
	case DT_CONFIG:
		print_fields(d, "Configuration Descriptor", config_fields, p,
			     p[0], 2, out);
		break;
	case DT_ASSOCIATION:
		print_fields(d, "Interface Association", association_fields, p,
			     p[0], 4, out);
		break;
	case DT_INTERFACE:
		print_fields(d, "Interface Descriptor", interface_fields, p,
			     p[0], 4, out);
		break;
	case DT_CS_INTERFACE:
		print_class(d, p, out);
		break;
	case DT_ENDPOINT:
		print_fields(d, "Endpoint Descriptor", endpoint_fields, p, p[0],
			     6, out);
		break;
	default:
		fprintf(out, "    Descriptor of type 0x%02x, %u bytes\n", p[1],
			p[0]);
	}
}

void device_print(const struct device *d, FILE *out)
{
	unsigned int at, i;

	print_fields(d, "Device Descriptor", device_fields, d->descriptor, 18,
		     0, out);
	fprintf(out, "  %-24s %s\n", "MS OS string 0xee", d->ms_os);
	fprintf(out, "  %-24s %s\n", "Device qualifier", d->qualifier);
	for (at = 0; at < d->config_len; at += d->config[at])
		print_one(d, d->config + at, out);
	for (i = 0; i < d->functions_len; i++)
		fprintf(out, "function %s interface %u in %02x out %02x\n",
			d->functions[i].name, d->functions[i].control_interface,
			d->functions[i].in_ep, d->functions[i].out_ep);
}
