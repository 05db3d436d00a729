/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/service.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

void service_limits_place(struct service_limits *limits)
{
    char host[65] = "", name[64] = "";
    FILE *file = fopen("/etc/passwd", "re");
    const uid_t uid = geteuid();

    gethostname(host, sizeof host - 1);
    text_safe((const uint8_t *)host, strlen(host), limits->host, sizeof limits->host);
    for (struct passwd *user = NULL; file && !name[0] && (user = fgetpwent(file));)
        if (user->pw_uid == uid)
            text_safe((const uint8_t *)user->pw_name, strlen(user->pw_name), name, sizeof name);
    if (file)
        fclose(file);
    text_print(limits->user, sizeof limits->user, "%s%suid %u", name, name[0] ? ", " : "",
               (unsigned)uid);
}
