// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#define _GNU_SOURCE
#include "COpenAIBatchCurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed: CURLOPT_PREREQFUNCTION tells when a request begins"
#endif

static CURLcode global_result = CURLE_FAILED_INIT;

static void global_init(void) {
  // OpenSSL frees its state in an atexit handler; a thread inside a handshake then crashes the process.
  const uint64_t no_atexit = 0x00080000;
  int (*init_crypto)(uint64_t, const void *) =
      (int (*)(uint64_t, const void *))dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto");
  if (init_crypto) init_crypto(no_atexit, NULL);
  global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURLcode ccurl_global_init(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, global_init);
  return global_result;
}

const char *ccurl_default_ca_bundle(void) {
  curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  // The library that was loaded may be older than the header.
  return info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL;
}

unsigned int ccurl_version(void) {
  return curl_version_info(CURLVERSION_NOW)->version_num;
}

bool ccurl_has_http2(void) {
  return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2;
}

bool ccurl_uses_gnutls(void) {
  const char *backend = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return backend && strncmp(backend, "GnuTLS/", 7) == 0;
}

void ccurl_name_thread(const char *name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

CURLcode ccurl_set_http_only(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  if (code == CURLE_OK) return curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  if (code != CURLE_UNKNOWN_OPTION) return code;
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  CURLcode fallback = curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  if (fallback != CURLE_OK) return fallback;
  return curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#pragma GCC diagnostic pop
}

void ccurl_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
#endif
}

void ccurl_set_max_connection_lifetime(CURL *easy, long seconds) {
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, seconds);
}

void ccurl_close_on_exec(curl_socket_t socket) {
  fcntl(socket, F_SETFD, FD_CLOEXEC);
}

void ccurl_set_socket_function(CURL *easy, curl_sockopt_callback function, void *context) {
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, function);
}

CURLcode ccurl_set_header_function(CURL *easy, curl_write_callback function, void *context) {
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
  return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, function);
}

CURLcode ccurl_set_write_function(CURL *easy, curl_write_callback function, void *context) {
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
  return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, function);
}

CURLcode ccurl_set_read_function(CURL *easy, curl_read_callback function, void *context) {
  curl_easy_setopt(easy, CURLOPT_READDATA, context);
  return curl_easy_setopt(easy, CURLOPT_READFUNCTION, function);
}

CURLcode ccurl_set_request_function(CURL *easy, ccurl_request_callback function, void *context) {
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}

CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

CURLcode ccurl_get_size(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, value);
}

int ccurl_local_port(curl_socket_t socket) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address;
  socklen_t length = sizeof address;
  if (getsockname(socket, &address.any, &length) != 0) return 0;
  if (address.any.sa_family == AF_INET) return ntohs(address.v4.sin_port);
  return address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port) : 0;
}

int ccurl_peek(curl_socket_t socket) {
  char byte;
  ssize_t count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return 1;
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
}

bool ccurl_has_decrypted_input(CURL *easy) {
  struct curl_tlssessioninfo *session = NULL;
  CURLcode code = curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
  if (code != CURLE_OK || !session || !session->internals) return false;
  // As libcurl has them loaded: this library is linked to neither.
  switch (session->backend) {
  case CURLSSLBACKEND_OPENSSL: {
    int (*pending)(const void *) = (int (*)(const void *))dlsym(RTLD_DEFAULT, "SSL_pending");
    return pending && pending(session->internals) > 0;
  }
  case CURLSSLBACKEND_GNUTLS: {
    size_t (*pending)(void *) = (size_t (*)(void *))dlsym(RTLD_DEFAULT, "gnutls_record_check_pending");
    return pending && pending(session->internals) > 0;
  }
  default:
    return false;
  }
}

struct curl_slist *ccurl_make_list(const char *lines, size_t length, size_t count) {
  if (count == 0) return NULL;
  struct curl_slist *list = malloc(count * sizeof *list + length);
  if (!list) return NULL;
  char *text = memcpy(list + count, lines, length);
  for (size_t index = 0; index < count; index++) {
    list[index].data = text;
    list[index].next = index + 1 < count ? &list[index + 1] : NULL;
    text += strlen(text) + 1;
  }
  return list;
}

void ccurl_free_list(struct curl_slist *list) {
  free(list);
}
