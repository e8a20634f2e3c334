import COpenSSL

/// Bytes that the library reads, or text that it wrote. Not for connections: those have `SocketBIO`.
@safe
final class MemoryBIO {
    // Sound: made in init, freed in deinit; who gets it uses it while this object lives.
    let handle: OpaquePointer

    /// For reading `bytes`.
    init(reading bytes: [UInt8]) throws(TLSError) {
        guard bytes.count <= 1 << 30 else { throw TLSError("the file is too large") }
        // An empty array has no address: one byte stands for it and is not told.
        let storage = bytes.isEmpty ? [0] : bytes
        let made = unsafe storage.withUnsafeBytes { buffer -> OpaquePointer? in
            guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
            // Sound: BIO_write copies; the buffer is as long as it says.
            if !bytes.isEmpty { unsafe BIO_write(bio, buffer.baseAddress, CInt(clamping: bytes.count)) }
            return unsafe bio
        }
        guard let made = unsafe made else { throw TLSError("no memory") }
        unsafe handle = made
    }

    /// For text that the library writes.
    convenience init() throws(TLSError) { try self.init(reading: []) }

    deinit { unsafe _ = BIO_free(handle) }

    /// What has been written.
    var bytes: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe zs_bio_memory(handle, &start)
        guard count > 0, let start = unsafe start else { return [] }
        // Sound: the library keeps `count` bytes at `start` until the BIO is used again.
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}
