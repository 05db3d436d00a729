/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/libraries.h"

#include <cyaml/cyaml.h>
#include <openssl/crypto.h>
#include <protobuf-c/protobuf-c.h>
#include <yaml.h>

#include "base/text.h"
#include "ui/screen/term.h"

void libraries_text(const char *between, char *out, size_t size)
{
    text_print(out, size, "%s%slibyaml %s%slibcyaml %s%sprotobuf-c %s%s%s",
               OpenSSL_version(OPENSSL_VERSION), between, yaml_get_version_string(), between,
               cyaml_version_str, between, protobuf_c_version(), between, term_version());
}
