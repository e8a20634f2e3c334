import Bytes

/// Memory that the TLS connections of one loop share: what they encrypt stands here between the library and the kernel for
/// the time of one call, so that an idle or a finished connection holds none of it.
public final class TLSScratch {
    /// Plain bytes that one call takes at most: a body of 64 KiB with its head.
    static let batch = 4 * 16384 + 4096

    /// Encrypted records on their way to the socket. Each record adds at most 22 bytes for TLS 1.3 with AEAD and at most 85
    /// with the old block ciphers; small records are bounded by `batch / 512`.
    let output = ByteBuffer(capacity: 80 * 1024)
    /// Plain bytes gathered from several places, or read from a file.
    let plain = ByteBuffer(capacity: batch)
    /// After each record of a batch: how many plain bytes of the caller, and how many bytes for the socket.
    var marks: [(plain: Int, wire: Int)] = []

    public init() {}

    /// Nothing of one session is ever sent to the peer of another, whatever way its call came to an end.
    func clear() { output.clear() }
}
