// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// What Swift cannot call itself: libcurl's variadic functions, one wrapper per C argument type, and all that
// depends on libcurl's version.

#ifndef COPENAIBATCHCURL_H
#define COPENAIBATCHCURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

// Initialises libcurl once per process, and keeps OpenSSL from tearing itself down in `exit()` while a
// transfer is running on another thread.
CURLcode ccurl_global_init(void);

// The path of the CA bundle that libcurl was built with; NULL when it has none.
const char *ccurl_default_ca_bundle(void);

// The version of the library that was loaded, such as 0x075801 for 7.88.1, and whether it was built with HTTP/2.
unsigned int ccurl_version(void);
bool ccurl_has_http2(void);
bool ccurl_uses_gnutls(void);

// Names the calling thread for debuggers.
void ccurl_name_thread(const char *name);

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);

// Restricts the handle to http and https.
CURLcode ccurl_set_http_only(CURL *easy);
// Ends a transfer without waiting for a name resolution that is under way (7.87).
void ccurl_set_quick_exit(CURL *easy);
// Re-opens connections older than `seconds`.
void ccurl_set_max_connection_lifetime(CURL *easy, long seconds);
// Calls `function` for each socket that the handle opens, before it is connected.
void ccurl_set_socket_function(CURL *easy, curl_sockopt_callback function, void *context);
void ccurl_close_on_exec(curl_socket_t socket);

CURLcode ccurl_set_header_function(CURL *easy, curl_write_callback function, void *context);
CURLcode ccurl_set_write_function(CURL *easy, curl_write_callback function, void *context);
CURLcode ccurl_set_read_function(CURL *easy, curl_read_callback function, void *context);
// Calls `function` when a connection is there, before the first byte of the request.
typedef int (*ccurl_request_callback)(void *context, char *peer, char *local, int peer_port, int local_port);
CURLcode ccurl_set_request_function(CURL *easy, ccurl_request_callback function, void *context);

CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode ccurl_get_size(CURL *easy, CURLINFO info, curl_off_t *value);
CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value);

// The port of a socket's own end; 0 when it has none.
int ccurl_local_port(curl_socket_t socket);
// What waits to be read, without reading it: 1 for bytes, -1 for the end or an error, 0 for nothing.
int ccurl_peek(curl_socket_t socket);
// Whether bytes that came over TLS are decrypted and not yet read, on the connection of a transfer under way.
bool ccurl_has_decrypted_input(CURL *easy);

// The list of `count` NUL-terminated lines that lie one after another in `length` bytes, copied into one
// allocation; NULL when memory is out.
struct curl_slist *ccurl_make_list(const char *lines, size_t length, size_t count);
void ccurl_free_list(struct curl_slist *list);

// The return values of the callbacks, which are macros.
static inline size_t ccurl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }
static inline size_t ccurl_read_pause(void) { return CURL_READFUNC_PAUSE; }
static inline size_t ccurl_read_abort(void) { return CURL_READFUNC_ABORT; }

// The easy handle and the result of a CURLMSG_DONE message; NULL for any other message.
static inline CURL *ccurl_finished(const CURLMsg *message, CURLcode *code) {
  if (message->msg != CURLMSG_DONE) return NULL;
  *code = message->data.result;
  return message->easy_handle;
}

#endif
