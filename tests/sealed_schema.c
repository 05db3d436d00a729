/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: sealed_schema schema FORMAT
 *        sealed_schema sample FORMAT FILE
 *
 * Prints the JSON Schema of a format of sealed files, as the table of its fields says, or writes a
 * file of it in which every field has a value. FORMAT: offer, bundle, ack, receipt.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sealed/sealed_fields.h"
#include "tests/unit/sealed_fixture.h"

enum { STEP = 2 };

static void put_fields(const struct sealed_table *table, enum sealed_format format, int indent);

static void put_words(const struct sealed_field *field, enum sealed_format format)
{
    if (strcmp(field->name, "format") == 0) {
        printf("{\"const\": \"%s\"}", sealed_format_name(format));
        return;
    }
    printf("{\"enum\": [");
    for (unsigned i = 0; i < field->max; i++)
        printf("%s\"%s\"", i ? ", " : "", field->word(i));
    printf("]}");
}

static void put_number(size_t size)
{
    if (size == sizeof(uint64_t))
        printf("{\"type\": \"integer\", \"minimum\": 0}");
    else
        printf("{\"type\": \"integer\", \"minimum\": 0, \"maximum\": %" PRIu64 "}",
               (UINT64_C(1) << 8 * size) - 1);
}

/* "properties", "required" and the rest of an object, which is open. */
static void put_object(const struct sealed_field *field, enum sealed_format format, int indent)
{
    printf("{\n%*s\"type\": \"object\",\n%*s\"additionalProperties\": false,\n", indent + STEP, "",
           indent + STEP, "");
    printf("%*s\"required\": [", indent + STEP, "");
    if (field->type == SEALED_ROWS)
        printf("\"%s\", ", SEALED_ROW_NAME);
    for (size_t i = 0; i < field->table->count; i++)
        printf("%s\"%s\"", i ? ", " : "", field->table->fields[i].name);
    printf("],\n%*s\"properties\": {\n", indent + STEP, "");
    if (field->type == SEALED_ROWS) {
        printf("%*s\"%s\": ", indent + 2 * STEP, "", SEALED_ROW_NAME);
        put_words(field, format);
        printf(",\n");
    }
    put_fields(field->table, format, indent + 2 * STEP);
    printf("\n%*s}\n%*s}", indent + STEP, "", indent, "");
}

static void put_list(const struct sealed_field *field, enum sealed_format format, int indent)
{
    printf("{\n%*s\"type\": \"array\",\n", indent + STEP, "");
    if (field->type == SEALED_ROWS)
        printf("%*s\"minItems\": %" PRIu32 ",\n", indent + STEP, "", field->max);
    printf("%*s\"maxItems\": %" PRIu32 ",\n%*s\"items\": ", indent + STEP, "", field->max,
           indent + STEP, "");
    put_object(field, format, indent + STEP);
    printf("\n%*s}", indent, "");
}

static void put_field(const struct sealed_field *field, enum sealed_format format, int indent)
{
    switch (field->type) {
    case SEALED_TEXT:
        printf("{\"type\": \"string\", \"maxLength\": %zu}", field->size - 1);
        break;
    case SEALED_LABEL:
        printf("{\"type\": \"string\", \"maxLength\": %" PRIu32 "}", 4 * field->max);
        break;
    case SEALED_OCTETS:
        printf("{\"type\": \"string\", \"pattern\": \"^([0-9a-f]{2}){0,%" PRIu32 "}$\"}",
               field->max);
        break;
    case SEALED_HEX:
        printf("{\"type\": \"string\", \"pattern\": \"^([0-9a-f]{%zu})?$\"}", 2 * field->size);
        break;
    case SEALED_BYTES:
        printf("{\"type\": \"string\", \"maxLength\": %" PRIu32
               ", \"pattern\": \"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$\"}",
               (field->max + 2) / 3 * 4);
        break;
    case SEALED_YES:
        printf("{\"enum\": [\"yes\", \"no\"]}");
        break;
    case SEALED_NUMBER:
        put_number(field->size);
        break;
    case SEALED_TIME:
        printf("{\"type\": \"string\", "
               "\"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$\"}");
        break;
    case SEALED_WORD:
        put_words(field, format);
        break;
    case SEALED_BITS:
        printf("{\"type\": \"array\", \"uniqueItems\": true, \"items\": ");
        put_words(field, format);
        printf("}");
        break;
    case SEALED_NUMBERS:
        printf("{\"type\": \"array\", \"maxItems\": %" PRIu32 ", \"items\": ", field->max);
        put_number(sizeof(uint32_t));
        printf("}");
        break;
    case SEALED_MAP:
        put_object(field, format, indent);
        break;
    default:
        put_list(field, format, indent);
        break;
    }
}

static void put_fields(const struct sealed_table *table, enum sealed_format format, int indent)
{
    for (size_t i = 0; i < table->count; i++) {
        printf("%s%*s\"%s\": ", i ? ",\n" : "", indent, "", table->fields[i].name);
        put_field(&table->fields[i], format, indent);
    }
}

static void put_required(const struct sealed_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        printf("\"%s\", ", table->fields[i].name);
}

static void put_schema(enum sealed_format format)
{
    const char *list = sealed_list_name(format);
    struct sealed_field entries = {.name = list, .type = SEALED_LIST, .max = SEALED_KEYS_MAX},
                        manifest = {.type = SEALED_MAP, .table = &sealed_manifest_table};

    printf("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
           "  \"title\": \"%s\",\n"
           "  \"description\": \"A sealed file of hsmferry; hsmferry-sealed(5) explains every "
           "field.\",\n"
           "  \"type\": \"object\",\n  \"additionalProperties\": false,\n  \"required\": [",
           sealed_format_name(format));
    put_required(&sealed_head_table);
    put_required(&sealed_tables[format]);
    if (list)
        printf("\"%s\", ", list);
    printf("\"%s\"],\n  \"properties\": {\n", SEALED_MANIFEST);
    put_fields(&sealed_head_table, format, 2 * STEP);
    printf(",\n");
    put_fields(&sealed_tables[format], format, 2 * STEP);
    if (list) {
        entries.table = sealed_list_table(format);
        printf(",\n    \"%s\": ", list);
        put_list(&entries, format, 2 * STEP);
    }
    printf(",\n    \"%s\": ", SEALED_MANIFEST);
    put_object(&manifest, format, 2 * STEP);
    printf("\n  }\n}\n");
}

static void put_sample(enum sealed_format format, const char *path)
{
    static const enum sealed_stage stages[SEALED_FORMATS] = {SEALED_STAGE_OFFER, SEALED_STAGE_ALL,
                                                             SEALED_STAGE_CANARY, SEALED_STAGE_ALL};
    uint8_t sha256[SHA256_SIZE];
    struct sealed_file file;

    fixture_file(format, stages[format], &file);
    fixture_write(path, &file, sha256);
    sealed_file_free(&file);
}

int main(int argc, char **argv)
{
    static const char *const names[SEALED_FORMATS] = {"offer", "bundle", "ack", "receipt"};

    for (unsigned i = 0; i < SEALED_FORMATS && argc > 2; i++) {
        if (strcmp(argv[2], names[i]) != 0)
            continue;
        if (argc == 3 && strcmp(argv[1], "schema") == 0)
            return put_schema(i), 0;
        if (argc == 4 && strcmp(argv[1], "sample") == 0)
            return put_sample(i, argv[3]), 0;
    }
    return 64;
}
