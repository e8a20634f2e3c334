import Bytes
import HTTP

/// What the fields of a response say about caching, read once.
public struct ResponseFacts: Sendable {
    /// What X-Accel-Expires asks for.
    public enum Accelerated: Sendable, Equatable {
        /// Fresh for so many seconds; 0: do not store.
        case seconds(Int)
        /// Fresh until so many seconds after 1970.
        case until(Int)
    }

    public enum Expiry: Sendable, Equatable {
        case absent
        /// Seconds since 1970; nil when the value is no date, which means "in the past" (RFC 9111 §5.3).
        case at(Int?)
    }

    public var status = 0
    public var control = CacheControl()
    public var expires = Expiry.absent
    public var accelerated: Accelerated?
    /// Seconds since 1970.
    public var date: Int?
    public var age: Int?
    public var hasSetCookie = false
    public var hasAcceleratedRedirect = false
    public var refusesBuffering = false
    public var varyLines: [[UInt8]] = []

    public init(_ head: ResponseHead) {
        status = head.status
        for slot in head.slots { note(slot.name, head.value(slot)) }
    }

    /// Facts of fields that were stored, or are about to be.
    public init(status: Int, _ fields: Fields) {
        self.status = status
        for slot in fields.slots { note(slot.name, fields.value(slot)) }
    }

    private mutating func note(_ name: FieldName, _ value: Span<UInt8>) {
        switch name {
        case .cacheControl: control.add(value)
        case .expires: if expires == .absent { expires = .at(HTTPDate.parse(value).map(Int.init)) }
        case .date: if date == nil { date = HTTPDate.parse(value).map(Int.init) }
        case .age: if age == nil { age = ResponseFacts.age(value) }
        case .setCookie: hasSetCookie = true
        case .vary: varyLines.append(value.array)
        case .xAccelExpires: if accelerated == nil { accelerated = ResponseFacts.accelerated(value) }
        case .xAccelRedirect: hasAcceleratedRedirect = true
        case .xAccelBuffering: if value.equalsIgnoringCase("no") { refusesBuffering = true }
        default: break
        }
    }

    /// Age (RFC 9111 §5.1); too large a number is the largest, anything else is ignored.
    private static func age(_ value: Span<UInt8>) -> Int? {
        for index in 0..<value.count where !ASCII.isDigit(value[index]) { return nil }
        return value.count == 0 ? nil : min(Age.limit, value.decimal() ?? Age.limit)
    }

    private static func accelerated(_ value: Span<UInt8>) -> Accelerated? {
        if value.count > 1, value[0] == UInt8(ascii: "@") {
            return value.extracting(1..<value.count).decimal().map { .until($0) }
        }
        return value.decimal().map { .seconds($0) }
    }
}
