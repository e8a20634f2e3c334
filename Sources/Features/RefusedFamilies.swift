/// Whole families of nginx's directives that are refused, by their reason: so that whoever brings a configuration is told why,
/// and not that the name is unknown.
extension KnownDirectives {
    static let families: [(reason: String, names: String)] = [
        (
            "this server has no such switch",
            """
            aio_write client_body_early_read epoll_events gzip_hash gzip_no_buffer gzip_window
            open_file_cache_events postpone_gzipping proxy_socket_rcvbuf proxy_socket_sndbuf
            ssi_ignore_recycled_buffers
            """
        ),
        (
            "comes with a later version",
            """
            ancient_browser ancient_browser_value modern_browser modern_browser_value referer_hash_max_size
            secure_link_md5 secure_link_secret userid_domain userid_expires userid_flags userid_mark userid_name
            userid_p3p userid_path userid_service
            """
        ),
        (
            "there is no such module here",
            """
            create_full_put_path dav_access dav_methods flv geoip_city geoip_country geoip_org geoip_proxy
            geoip_proxy_recursive image_filter_buffer image_filter_interlace image_filter_jpeg_quality
            image_filter_sharpen image_filter_transparency image_filter_webp_quality mp4 mp4_buffer_size
            mp4_max_buffer_size mp4_start_key_frame perl_modules perl_require perl_set xml_entities
            xml_external_entities xslt_last_modified xslt_param xslt_string_param xslt_stylesheet xslt_types
            """
        ),
        (
            "only HTTP/1.1 is spoken to upstreams",
            """
            proxy_ssl_alpn fastcgi_bind fastcgi_buffer_size fastcgi_buffering fastcgi_buffers fastcgi_busy_buffers_size
            fastcgi_cache_background_update fastcgi_cache_bypass fastcgi_cache_lock fastcgi_cache_lock_age
            fastcgi_cache_lock_timeout fastcgi_cache_max_range_offset fastcgi_cache_methods
            fastcgi_cache_min_uses fastcgi_cache_revalidate fastcgi_cache_use_stale fastcgi_catch_stderr
            fastcgi_connect_timeout fastcgi_hide_header fastcgi_ignore_client_abort fastcgi_ignore_headers
            fastcgi_index fastcgi_intercept_errors fastcgi_keep_conn fastcgi_limit_rate
            fastcgi_max_temp_file_size fastcgi_next_upstream fastcgi_next_upstream_timeout
            fastcgi_next_upstream_tries fastcgi_no_cache fastcgi_pass_header fastcgi_pass_request_headers
            fastcgi_read_timeout fastcgi_request_buffering fastcgi_send_lowat fastcgi_send_timeout
            fastcgi_socket_keepalive fastcgi_socket_rcvbuf fastcgi_socket_sndbuf fastcgi_split_path_info
            fastcgi_store fastcgi_store_access fastcgi_temp_file_write_size grpc_bind grpc_buffer_size
            grpc_connect_timeout grpc_hide_header grpc_ignore_headers grpc_intercept_errors grpc_next_upstream
            grpc_next_upstream_timeout grpc_next_upstream_tries grpc_pass_header grpc_read_timeout
            grpc_send_timeout grpc_set_header grpc_socket_keepalive grpc_socket_rcvbuf grpc_socket_sndbuf
            grpc_ssl_certificate_cache grpc_ssl_ciphers grpc_ssl_crl grpc_ssl_name grpc_ssl_password_file
            grpc_ssl_protocols grpc_ssl_server_name grpc_ssl_session_reuse grpc_ssl_trusted_certificate
            grpc_ssl_verify grpc_ssl_verify_depth memcached_bind memcached_buffer_size memcached_connect_timeout
            memcached_gzip_flag memcached_next_upstream memcached_next_upstream_timeout
            memcached_next_upstream_tries memcached_read_timeout memcached_send_timeout
            memcached_socket_keepalive scgi_bind scgi_buffer_size scgi_buffering scgi_buffers
            scgi_busy_buffers_size scgi_cache scgi_cache_background_update scgi_cache_bypass scgi_cache_key
            scgi_cache_lock scgi_cache_lock_age scgi_cache_lock_timeout scgi_cache_max_range_offset
            scgi_cache_methods scgi_cache_min_uses scgi_cache_path scgi_cache_revalidate scgi_cache_use_stale
            scgi_cache_valid scgi_connect_timeout scgi_force_ranges scgi_hide_header scgi_ignore_client_abort
            scgi_ignore_headers scgi_intercept_errors scgi_limit_rate scgi_max_temp_file_size scgi_next_upstream
            scgi_next_upstream_timeout scgi_next_upstream_tries scgi_no_cache scgi_param scgi_pass_header
            scgi_pass_request_body scgi_pass_request_headers scgi_read_timeout scgi_request_buffering
            scgi_send_timeout scgi_socket_keepalive scgi_socket_rcvbuf scgi_socket_sndbuf scgi_store
            scgi_store_access scgi_temp_file_write_size tunnel_bind tunnel_buffer_size tunnel_connect_timeout
            tunnel_next_upstream tunnel_next_upstream_timeout tunnel_next_upstream_tries tunnel_pass
            tunnel_read_timeout tunnel_send_lowat tunnel_send_timeout tunnel_socket_keepalive
            tunnel_socket_rcvbuf tunnel_socket_sndbuf uwsgi_bind uwsgi_buffer_size uwsgi_buffering uwsgi_buffers
            uwsgi_busy_buffers_size uwsgi_cache uwsgi_cache_background_update uwsgi_cache_bypass uwsgi_cache_key
            uwsgi_cache_lock uwsgi_cache_lock_age uwsgi_cache_lock_timeout uwsgi_cache_max_range_offset
            uwsgi_cache_methods uwsgi_cache_min_uses uwsgi_cache_path uwsgi_cache_revalidate
            uwsgi_cache_use_stale uwsgi_cache_valid uwsgi_connect_timeout uwsgi_force_ranges uwsgi_hide_header
            uwsgi_ignore_client_abort uwsgi_ignore_headers uwsgi_intercept_errors uwsgi_limit_rate
            uwsgi_max_temp_file_size uwsgi_modifier1 uwsgi_modifier2 uwsgi_next_upstream
            uwsgi_next_upstream_timeout uwsgi_next_upstream_tries uwsgi_no_cache uwsgi_param uwsgi_pass_header
            uwsgi_pass_request_body uwsgi_pass_request_headers uwsgi_read_timeout uwsgi_request_buffering
            uwsgi_send_timeout uwsgi_socket_keepalive uwsgi_socket_rcvbuf uwsgi_socket_sndbuf
            uwsgi_ssl_certificate_cache uwsgi_ssl_ciphers uwsgi_ssl_crl uwsgi_ssl_name uwsgi_ssl_password_file
            uwsgi_ssl_protocols uwsgi_ssl_server_name uwsgi_ssl_trusted_certificate uwsgi_ssl_verify
            uwsgi_ssl_verify_depth uwsgi_store uwsgi_store_access uwsgi_string uwsgi_temp_file_write_size
            """
        ),
        (
            "HTTP/2 and HTTP/3 come with a later version",
            """
            http2_idle_timeout http2_max_concurrent_pushes http2_max_field_size http2_max_header_size
            http2_max_requests http2_pool_size http2_push http2_push_preload http2_recv_buffer_size
            http2_recv_timeout http2_streams_index_size http3 http3_hq http3_max_concurrent_streams
            http3_stream_buffer_size quic_active_connection_id_limit quic_bpf quic_gso quic_host_key quic_retry
            """
        ),
        (
            "HTTPS comes with a later version",
            """
            ssl_certificate_compression ssl_ech_file
            """
        ),
    ]

    /// Every refused directive with its reason.
    static let allRefused: [String: String] = {
        var all = refused
        for family in families {
            for name in family.names.split(whereSeparator: \.isWhitespace) where all[String(name)] == nil {
                all[String(name)] = family.reason
            }
        }
        return all
    }()
}
