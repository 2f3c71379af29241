//  request.c: asks for the digraph of a file, and watches the answer get better.
//
//      request ROOT/PATH

#include <inkling.h>

#include <stdio.h>

int
main (int argc, char **argv)
{
    if (argc != 2) {
        fprintf (stderr, "usage: %s ROOT/PATH\n", argv[0]);
        return ink_error_status (INK_EUSAGE);
    }
    ink_client_t *client = ink_client_new (NULL);
    ink_request_t *request = ink_request_new (argv[1]);
    if (!client || !request || ink_request_add_kernel (request, "digraph") ||
        ink_client_submit (client, request))
        return ink_error_status (INK_ESYSTEM);

    int error = INK_OK;
    bool ended = false;
    while (!ended) {
        ink_reply_t *reply = ink_client_receive (client, -1);
        if (reply == NULL)
            continue; //  A signal came
        double total = (double) ink_reply_total (reply);
        double known = (double) (ink_reply_cached (reply) + ink_reply_computed (reply));
        printf ("%s %5.1f %% known, %zu bytes\n", ink_reply_status (reply),
                total > 0 ? 100 * known / total : 0, ink_reply_size (reply));
        ended = ink_reply_is_final (reply);
        error = ink_reply_error (reply);
        ink_reply_destroy (&reply);
    }
    if (error)
        fprintf (stderr, "%s: %s\n", ink_error_text (error), ink_error_hint (error));
    ink_request_destroy (&request);
    ink_client_destroy (&client);
    return ink_error_status (error);
}
