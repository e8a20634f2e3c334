import COpenSSL
import Platform

/// How the library reads and writes a connection (BIO_meth_new(3)): through `TLSSession.fetch` and `TLSSession.put`.
///
/// Of our own and not the library's socket BIO, because this one knows when the socket is drained (a read that came back
/// short needs no second one that fails), gathers the records of one call into one `send`, and passes MSG_NOSIGNAL. The
/// figures are in docs/decisions/0009.
@safe
enum SocketBIO {
    // Sound: made once, never changed and never freed.
    nonisolated(unsafe) private static let method: OpaquePointer? = unsafe makeMethod()

    private static func makeMethod() -> OpaquePointer? {
        let kind = BIO_get_new_index() | CInt(BIO_TYPE_SOURCE_SINK)
        guard let method = unsafe BIO_meth_new(kind, "zendan connection") else { return nil }
        unsafe BIO_meth_set_read(method, read)
        unsafe BIO_meth_set_write(method, write)
        unsafe BIO_meth_set_ctrl(method, control)
        return unsafe method
    }

    /// A BIO for `session`, which must outlive it: the session frees the SSL object, and that its BIO, in its deinit.
    static func make(for session: TLSSession) -> OpaquePointer? {
        guard let method = unsafe method, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    /// The session that a BIO, or a connection of the library, belongs to.
    static func session(_ bio: OpaquePointer?) -> TLSSession? {
        guard let bio = unsafe bio, let data = unsafe BIO_get_data(bio) else { return nil }
        // Sound: `make` put it there, and it outlives the BIO.
        return unsafe Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
    }

    static func session(of ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl = unsafe ssl else { return nil }
        return unsafe session(SSL_get_rbio(ssl))
    }
}

private func read(_ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ count: CInt) -> CInt {
    guard let session = unsafe SocketBIO.session(bio), let target = unsafe target, count > 0 else { return -1 }
    unsafe zs_bio_clear_retry(bio)
    // Sound: the library gives `count` bytes at `target` for the time of the call.
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: target, count: Int(count)).assumingMemoryBound(to: UInt8.self)
    var span = unsafe MutableSpan(_unsafeElements: buffer)
    switch session.fetch(into: &span) {
    case .bytes(let count): return CInt(truncatingIfNeeded: count)
    case .end: return 0
    case .nothing:
        unsafe zs_bio_set_retry_read(bio)
        return -1
    case .failed: return -1
    }
}

private func write(_ bio: OpaquePointer?, _ source: UnsafePointer<CChar>?, _ count: CInt) -> CInt {
    guard let session = unsafe SocketBIO.session(bio), let source = unsafe source, count > 0 else { return -1 }
    unsafe zs_bio_clear_retry(bio)
    // Sound: the library lends `count` bytes at `source` for the time of the call.
    let buffer = unsafe UnsafeRawBufferPointer(start: source, count: Int(count)).assumingMemoryBound(to: UInt8.self)
    let span = unsafe Span(_unsafeElements: buffer)
    return session.put(span) ? count : -1
}

private func control(_ bio: OpaquePointer?, _ command: CInt, _: Int, _: UnsafeMutableRawPointer?) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: return 1
    case BIO_CTRL_EOF: return unsafe SocketBIO.session(bio)?.hasEnded == true ? 1 : 0
    default: return 0
    }
}
