// OpenSSL 3, and one-line forms of what Swift cannot import: function-like macros and constants made of casts.
#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Contexts
static inline int zs_ctx_set_min_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_min_proto_version(ctx, version); }
static inline int zs_ctx_set_max_version(SSL_CTX *ctx, int version) { return SSL_CTX_set_max_proto_version(ctx, version); }
static inline long zs_ctx_set_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline void zs_ctx_set_read_ahead(SSL_CTX *ctx, int on) { SSL_CTX_set_read_ahead(ctx, on); }
static inline int zs_ctx_set_groups(SSL_CTX *ctx, char *list) { return (int)SSL_CTX_set1_groups_list(ctx, list); }
static inline int zs_ctx_add_chain(SSL_CTX *ctx, X509 *certificate) { return (int)SSL_CTX_add1_chain_cert(ctx, certificate); }
static inline int zs_ctx_set_chain(SSL_CTX *ctx, STACK_OF(X509) *chain) { return (int)SSL_CTX_set1_chain(ctx, chain); }
static inline long zs_ctx_set_cache_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_session_cache_mode(ctx, mode); }
static inline long zs_ctx_set_cache_size(SSL_CTX *ctx, long size) { return SSL_CTX_sess_set_cache_size(ctx, size); }
static inline int zs_ctx_set_dh_auto(SSL_CTX *ctx) { return (int)SSL_CTX_set_dh_auto(ctx, 1); }
static inline long zs_ctx_set_status_callback(SSL_CTX *ctx, int (*callback)(SSL *, void *)) {
    return SSL_CTX_set_tlsext_status_cb(ctx, callback);
}
static inline long zs_ctx_set_servername_callback(SSL_CTX *ctx, int (*callback)(SSL *, int *, void *)) {
    return SSL_CTX_set_tlsext_servername_callback(ctx, callback);
}
static inline int zs_ctx_set_ex_data(SSL_CTX *ctx, int index, void *data) { return SSL_CTX_set_ex_data(ctx, index, data); }
static inline int zs_ctx_ex_index(void) { return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL); }
static inline int zs_ssl_ex_index(void) { return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

// Connections
static inline long zs_set_server_name(SSL *ssl, char *name) { return SSL_set_tlsext_host_name(ssl, name); }
static inline int zs_set_min_version(SSL *ssl, int version) { return SSL_set_min_proto_version(ssl, version); }
static inline int zs_set_max_version(SSL *ssl, int version) { return SSL_set_max_proto_version(ssl, version); }
static inline int zs_ctx_min_version(SSL_CTX *ctx) { return (int)SSL_CTX_get_min_proto_version(ctx); }
static inline int zs_ctx_max_version(SSL_CTX *ctx) { return (int)SSL_CTX_get_max_proto_version(ctx); }
static inline int zs_set_chain(SSL *ssl, STACK_OF(X509) *chain) { return (int)SSL_set1_chain(ssl, chain); }
static inline int zs_set_groups(SSL *ssl, char *list) { return (int)SSL_set1_groups_list(ssl, list); }
static inline int zs_negotiated_group(SSL *ssl) { return (int)SSL_get_negotiated_group(ssl); }
static inline int zs_peer_groups(SSL *ssl, int *groups) { return (int)SSL_get1_groups(ssl, groups); }
static inline long zs_raw_ciphers(SSL *ssl, const unsigned char **list) { return SSL_get0_raw_cipherlist(ssl, list); }
static inline long zs_set_status_response(SSL *ssl, unsigned char *response, long count) {
    return SSL_set_tlsext_status_ocsp_resp(ssl, response, count);
}

// BIOs
static inline void zs_bio_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void zs_bio_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void zs_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline long zs_bio_memory(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

// HMAC-SHA-256 of session tickets: the names of parameters must outlive the call, which a literal of C does
static inline int zs_mac_set_key(EVP_MAC_CTX *mac, unsigned char *key, size_t count) {
    OSSL_PARAM parameters[] = { OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key, count),
                                OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 6), OSSL_PARAM_END };
    return EVP_MAC_CTX_set_params(mac, parameters);
}

// Certificates
static inline int zs_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *zs_name_at(const GENERAL_NAMES *names, int index) { return sk_GENERAL_NAME_value(names, index); }
static inline STACK_OF(X509) *zs_chain_new(void) { return sk_X509_new_null(); }
static inline int zs_chain_push(STACK_OF(X509) *chain, X509 *certificate) { return sk_X509_push(chain, certificate); }
static inline void zs_chain_free(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }
static inline STACK_OF(X509_NAME) *zs_names_new(void) { return sk_X509_NAME_new_null(); }
static inline int zs_names_push(STACK_OF(X509_NAME) *names, X509_NAME *name) { return sk_X509_NAME_push(names, name); }
static inline void zs_names_free(STACK_OF(X509_NAME) *names) { sk_X509_NAME_pop_free(names, X509_NAME_free); }

// Constants that are written as shifts of casts
static const uint64_t zs_op_no_ticket = SSL_OP_NO_TICKET;
static const uint64_t zs_op_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t zs_op_no_compression = SSL_OP_NO_COMPRESSION;
static const uint64_t zs_op_cipher_server_preference = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t zs_op_no_anti_replay = SSL_OP_NO_ANTI_REPLAY;
static const uint64_t zs_op_ignore_unexpected_eof = SSL_OP_IGNORE_UNEXPECTED_EOF;
static const uint64_t zs_op_no_sslv3 = SSL_OP_NO_SSLv3;
static const uint64_t zs_op_no_tls1 = SSL_OP_NO_TLSv1;
static const uint64_t zs_op_no_tls1_1 = SSL_OP_NO_TLSv1_1;
static const uint64_t zs_op_no_tls1_2 = SSL_OP_NO_TLSv1_2;
static const uint64_t zs_op_no_tls1_3 = SSL_OP_NO_TLSv1_3;
static const uint64_t zs_op_single_dh_use = SSL_OP_SINGLE_DH_USE;
static const uint64_t zs_op_single_ecdh_use = SSL_OP_SINGLE_ECDH_USE;
static inline int zs_string_count(const STACK_OF(OPENSSL_STRING) *list) { return sk_OPENSSL_STRING_num(list); }
static inline const char *zs_string_at(const STACK_OF(OPENSSL_STRING) *list, int index) { return sk_OPENSSL_STRING_value(list, index); }
static inline unsigned long zs_name_rfc2253(void) { return XN_FLAG_RFC2253; }
