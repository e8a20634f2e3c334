import COpenSSL
import Glibc
import Platform

/// The keys that session tickets are encrypted with (RFC 5077 §4), shared by all loops and by the servers of one set.
///
/// Either they come from files (`ssl_session_ticket_key`): the first encrypts, all decrypt. Or they are made here and
/// rotated: each period has a secret that is a hash of the one before. Whoever has been given the set (`exported`) finds
/// the same keys for every later period, so tickets outlive a reload, a crash and an upgrade, while what an earlier period
/// had is gone once two periods are over.
public final class TLSTicketKeys: Sendable {
    struct Key: Sendable {
        let name: [UInt8]
        let authentication: [UInt8]
        let encryption: [UInt8]
    }

    private struct State {
        var keys: [Key]
        /// The number of the period that `keys[0]` is for, and the secret of the one before it.
        var period: Int
        var secretBefore: [UInt8]
    }

    private let state: Lock<State>
    /// The length of a period in seconds; 0: the keys were given and stay.
    public let periodLength: Int
    /// Where in the length the first period began: periods are counted from the making of the keys.
    private let origin: Int

    /// Keys from files, of 80 bytes (AES-256) or 48 (AES-128) each. Throws for another length.
    public init(files: [[UInt8]]) throws(TLSError) {
        guard !files.isEmpty else { throw TLSError("there is no session ticket key") }
        var keys: [Key] = []
        for file in files {
            switch file.count {
            case 80:
                keys.append(
                    Key(name: Array(file[0..<16]), authentication: Array(file[16..<48]), encryption: Array(file[48..<80])))
            case 48:
                // nginx's order in the short form: name, AES key, HMAC key.
                keys.append(
                    Key(name: Array(file[0..<16]), authentication: Array(file[32..<48]), encryption: Array(file[16..<32])))
            default: throw TLSError("a session ticket key must be 48 or 80 bytes")
            }
        }
        periodLength = 0
        origin = 0
        state = Lock(State(keys: keys, period: 0, secretBefore: []))
    }

    /// Keys made now, of a new secret. Tickets can be used for at least `lifetime` seconds, the session time-out.
    public convenience init(lifetime: Int, now: Int = TLSTicketKeys.clock()) throws(TLSError) {
        var secret = [UInt8](repeating: 0, count: 32)
        // Sound: the array has the 32 bytes that are written.
        guard unsafe RAND_bytes(&secret, 32) == 1 else { throw TLSError.library("no random numbers") }
        let length = min(max(lifetime, 1), 1 << 31)
        self.init(periodLength: length, origin: now % length, period: now / length, secretBefore: secret)
    }

    /// The set that `exported` described; nil when the bytes are none.
    public convenience init?(exported bytes: [UInt8], now: Int = TLSTicketKeys.clock()) {
        guard bytes.count == 56 else { return nil }
        let length = Self.number(bytes[0..<8])
        let period = Self.number(bytes[8..<16])
        let origin = Self.number(bytes[16..<24])
        guard length >= 1, length <= 1 << 31, period >= 0, period < 1 << 40, origin >= 0, origin < length else { return nil }
        self.init(periodLength: length, origin: origin, period: period, secretBefore: Array(bytes[24..<56]))
        rotate(now: now)
    }

    private init(periodLength: Int, origin: Int, period: Int, secretBefore: [UInt8]) {
        self.periodLength = periodLength
        self.origin = origin
        let keys = [Self.key(of: Self.following(secretBefore)), Self.key(of: secretBefore)]
        state = Lock(State(keys: keys, period: period, secretBefore: secretBefore))
    }

    /// What another process needs to have the same keys now and later; nil for keys from files. It is a secret.
    public func exported(now: Int = TLSTicketKeys.clock()) -> [UInt8]? {
        if periodLength == 0 { return nil }
        rotate(now: now)
        return state.withLock { state in
            Self.bytes(periodLength) + Self.bytes(state.period) + Self.bytes(origin) + state.secretBefore
        }
    }

    /// The keys in use: the first encrypts.
    func keys(now: Int = TLSTicketKeys.clock()) -> [Key] {
        rotate(now: now)
        return state.withLock { $0.keys }
    }

    /// Moves on to the period that `now` lies in. A clock that goes back changes nothing.
    func rotate(now: Int) {
        if periodLength == 0 { return }
        let period = (now - origin) / periodLength
        state.withLock { state in
            guard period > state.period else { return }
            // A clock that leaps by years costs milliseconds, no more.
            var steps = min(period - state.period, 10_000)
            while steps > 0 {
                state.secretBefore = Self.following(state.secretBefore)
                steps -= 1
            }
            state.period = period
            state.keys = [Self.key(of: Self.following(state.secretBefore)), Self.key(of: state.secretBefore)]
        }
    }

    /// Seconds since 1970.
    public static func clock() -> Int { time(nil) }

    private static func following(_ secret: [UInt8]) -> [UInt8] { digest("next", secret, wide: false) }

    private static func key(of secret: [UInt8]) -> Key {
        let material = digest("keys", secret, wide: true)
        return Key(
            name: Array(digest("name", secret, wide: false)[0..<16]), authentication: Array(material[0..<32]),
            encryption: Array(material[32..<64]))
    }

    /// SHA-256 or SHA-512 of a label and a secret of 32 bytes.
    private static func digest(_ label: String, _ secret: [UInt8], wide: Bool) -> [UInt8] {
        let input = Array("zendan ticket ".utf8) + Array(label.utf8) + secret
        var output = [UInt8](repeating: 0, count: wide ? 64 : 32)
        var count: UInt32 = 0
        // Sound: the output has the size of the digest that is asked for.
        let status = unsafe EVP_Digest(input, input.count, &output, &count, wide ? EVP_sha512() : EVP_sha256(), nil)
        precondition(status == 1 && Int(count) == output.count, "the library has no SHA-2")
        return output
    }

    private static func bytes(_ number: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        var number: UInt64 = 0
        for byte in bytes.reversed() { number = number << 8 | UInt64(byte) }
        return Int(clamping: number)
    }
}
