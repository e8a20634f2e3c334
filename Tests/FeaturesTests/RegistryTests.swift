import Configuration
import Foundation
import TestSupport
import Testing

@testable import Features

/// What the list of features says about itself.
@Suite struct RegistryTests {
    private let registry = DirectiveRegistry(
        FeatureList.all.map { $0 as any DirectiveSet.Type }, refused: FeatureList.refused, harmless: FeatureList.harmless)

    @Test func noDirectiveIsDeclaredTwice() {
        #expect(registry.conflicts.isEmpty, "\(registry.conflicts)")
    }

    @Test func nothingKnownIsRefusedOrHarmless() {
        for name in registry.names {
            #expect(FeatureList.refused[name] == nil, "\(name) is there and refused")
        }
        for name in FeatureList.harmless.keys {
            #expect(FeatureList.refused[name] == nil, "\(name) is harmless and refused")
            let isChecked = [
                "http2", "proxy_busy_buffers_size", "proxy_ssl_certificate_cache", "proxy_temp_file_write_size",
                "ssl_certificate_cache", "ssl_early_data",
                "ssl_object_cache_inheritable", "ssl_ocsp", "ssl_stapling_verify", "tcp_nopush",
            ].contains(name)
            #expect(isChecked == registry.knows(name), "\(name) is there and harmless")
            #expect(!registry.namesWithEffect.contains(name))
        }
    }

    /// docs/manual.md is what `zendan --manual` prints.
    @Test func theManualIsUpToDate() {
        let file = Environment.packageRoot + "/docs/manual.md"
        let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
        #expect(text == Manual.markdown(of: registry), "write it again: .build/debug/zendan --manual >docs/manual.md")
    }

    @Test func theDirectivesOfTheFrontLayer() {
        let names = """
            daemon master_process user pid error_log env worker_processes worker_connections worker_rlimit_nofile
            worker_shutdown_timeout include listen server_name location limit_except allow deny client_header_buffer_size
            large_client_header_buffers client_header_timeout client_body_timeout client_max_body_size client_body_buffer_size
            client_body_temp_path client_body_in_file_only client_body_in_single_buffer send_timeout keepalive_timeout
            keepalive_requests keepalive_time keepalive_disable lingering_close lingering_time lingering_timeout
            ignore_invalid_headers underscores_in_headers merge_slashes chunked_transfer_encoding root alias index try_files types
            default_type etag if_modified_since expires add_header error_page recursive_error_pages return internal sendfile
            sendfile_max_chunk tcp_nopush tcp_nodelay open_file_cache open_file_cache_valid open_file_cache_min_uses
            open_file_cache_errors max_ranges limit_rate limit_rate_after server_tokens absolute_redirect port_in_redirect
            server_name_in_redirect log_not_found set map gzip gzip_types gzip_min_length gzip_comp_level gzip_vary gzip_proxied
            gzip_http_version gzip_disable gzip_buffers proxy_pass proxy_set_header proxy_hide_header proxy_pass_header
            proxy_pass_request_body proxy_pass_request_headers proxy_force_ranges proxy_http_version proxy_redirect
            proxy_buffering proxy_buffers proxy_buffer_size proxy_busy_buffers_size proxy_temp_path proxy_max_temp_file_size
            proxy_temp_file_write_size proxy_request_buffering proxy_connect_timeout proxy_send_timeout proxy_read_timeout
            proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_intercept_errors
            proxy_ignore_client_abort proxy_ignore_headers proxy_socket_keepalive upstream server keepalive proxy_cache_path
            proxy_cache proxy_cache_key proxy_cache_valid proxy_cache_methods proxy_cache_min_uses proxy_cache_bypass
            proxy_cache_use_stale proxy_cache_background_update proxy_cache_revalidate proxy_cache_lock proxy_cache_lock_timeout
            proxy_cache_lock_age proxy_cache_convert_head proxy_cache_max_range_offset proxy_no_cache access_log log_format
            """
        for name in names.split(whereSeparator: \.isWhitespace).map(String.init) {
            #expect(registry.knows(name) || FeatureList.harmless[name] != nil, "\(name) is missing")
        }
    }
}
