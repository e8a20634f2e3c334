import COpenSSL

/// Why something of the configuration cannot be used: a certificate, a key, a cipher list.
public struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// For the operator: what was attempted, and the library's own words.
    public let reason: String

    public init(_ reason: String) { self.reason = reason }

    /// What failed, with what the library's error queue says about it.
    static func library(_ attempt: String) -> TLSError {
        let words = ErrorQueue.take()
        return TLSError(words.isEmpty ? attempt : "\(attempt) (SSL: \(words.map(\.text).joined(separator: " ")))")
    }

    public var description: String { reason }
}

/// Why a connection's handshake or transfer failed.
public struct TLSFailure: Error, Sendable, CustomStringConvertible {
    /// The library's words, as nginx logs them: `error:0A00010B:SSL routines::wrong version number`; or our own.
    public let reason: String
    /// What anybody on the network can provoke: logged at `info`, as nginx does.
    public let isPeersDoing: Bool

    init(_ reason: String, isPeersDoing: Bool = true) {
        self.reason = reason
        self.isPeersDoing = isPeersDoing
    }

    public var description: String { reason }
}

/// The library's list of errors, which it keeps per thread. It is emptied before each call whose result is judged by it.
enum ErrorQueue {
    struct Entry {
        /// `error:0A00010B:SSL routines::wrong version number`
        let text: String
        let library: Int
        let reason: Int
        /// A system call's own error stands in the queue too.
        let isSystem: Bool
    }

    static func clear() { ERR_clear_error() }

    /// All entries, oldest first; the queue is empty then.
    static func take() -> [Entry] {
        var entries: [Entry] = []
        while entries.count < 16 {
            var data: UnsafePointer<CChar>?
            var flags: CInt = 0
            // Sound: the library sets `data` to a text that lives until the entry is overwritten, which is after this turn.
            let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
            if code == 0 { break }
            var buffer = [CChar](repeating: 0, count: 256)
            let capacity = buffer.count
            // Sound: the library writes at most `capacity` bytes, the last of them zero.
            unsafe buffer.withUnsafeMutableBufferPointer { unsafe ERR_error_string_n(code, $0.baseAddress, capacity) }
            var text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if flags & ERR_TXT_STRING != 0, let data = unsafe data, unsafe data.pointee != 0 {
                text += ":" + (unsafe String(cString: data))
            }
            let isSystem = code & 0x8000_0000 != 0
            entries.append(
                Entry(
                    text: text, library: isSystem ? 0 : Int(code >> 23 & 0xff), reason: Int(code & 0x7f_ffff),
                    isSystem: isSystem))
        }
        ERR_clear_error()
        return entries
    }

    /// Whether the library has a complaint about the protocol, as against a socket that ended.
    static var hasProtocolError: Bool { ERR_peek_last_error() >> 23 & 0xff == UInt(ERR_LIB_SSL) }

    /// The reason of the newest entry, without emptying the queue; 0 when it is empty.
    static var newestReason: Int { Int(ERR_peek_last_error() & 0x7f_ffff) }
}
