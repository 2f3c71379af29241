//  cancel.c: `inkling cancel`: ends a request, whoever made it.

#include "cli/cli.h"

#include <stdio.h>

#include "cli/arguments.h"
#include "cli/complain.h"
#include "cli/query.h"

static const struct argp_child children[] = {{.argp = &ink_query_argp}, {0}};
static const struct argp cancel_argp = {
    .parser = ink_arguments_pass,
    .args_doc = "ID",
    .doc = "End a request. See `inkling status` for the ids.",
    .children = children};

static int
report (const ink_query_t *query, int error)
{
    if (error != INK_OK)
        return ink_complain (error, query->id);
    if (query->json)
        return ink_query_print (
            json_pack ("{s:s, s:b}", "request", query->id, "cancelled", 1));
    printf ("%s is cancelled\n", query->id);
    return 0;
}

int
ink_cli_cancel (int argc, char **argv)
{
    ink_query_t query = {.takes_id = true};
    int status = 0;
    if (!ink_arguments_parse (&cancel_argp, argc, argv, &query, &status))
        return status;
    if (!query.id) {
        ink_argument_missing ("the id of a request");
        return ink_error_status (INK_EUSAGE);
    }
    ink_client_t *client = ink_query_connect (&query, &status);
    if (!client)
        return status;
    status = report (
        &query, ink_client_cancel_other (client, query.id, ink_query_timeout (&query)));
    ink_client_destroy (&client);
    return status;
}
