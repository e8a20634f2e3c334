import Platform

/// Why an encoded bundle cannot be read: it was cut off, or another build wrote it.
public struct BundleError: Error, Sendable {}

/// What a bundle is made of.
public protocol BundleCodable {
    func encode(to writer: inout BundleWriter)
    init(from reader: inout BundleReader) throws(BundleError)
}

/// Writes values one after another: integers in eight bytes, everything else with its length before it.
public struct BundleWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func add(_ value: Int) {
        let value = UInt64(bitPattern: Int64(value))
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    public mutating func add(_ value: Bool) { bytes.append(value ? 1 : 0) }

    public mutating func add(_ value: [UInt8]) {
        add(value.count)
        bytes.append(contentsOf: value)
    }

    public mutating func add(_ value: String) { add(Array(value.utf8)) }

    public mutating func add(_ value: some BundleCodable) { value.encode(to: &self) }

    public mutating func add<Value>(_ value: Value?, _ write: (inout BundleWriter, Value) -> Void) {
        add(value != nil)
        if let value { write(&self, value) }
    }

    public mutating func add<Value>(_ values: [Value], _ write: (inout BundleWriter, Value) -> Void) {
        add(values.count)
        for value in values { write(&self, value) }
    }
}

/// Reads what a `BundleWriter` wrote.
public struct BundleReader {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public mutating func integer() throws(BundleError) -> Int {
        guard bytes.count - position >= 8 else { throw BundleError() }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(index * 8) }
        position += 8
        return Int(Int64(bitPattern: value))
    }

    public mutating func flag() throws(BundleError) -> Bool {
        guard position < bytes.count else { throw BundleError() }
        position += 1
        return bytes[position - 1] != 0
    }

    public mutating func array() throws(BundleError) -> [UInt8] {
        let count = try count()
        position += count
        return Array(bytes[position - count..<position])
    }

    public mutating func string() throws(BundleError) -> String { String(decoding: try array(), as: UTF8.self) }

    public mutating func optional<Value>(
        _ read: (inout BundleReader) throws(BundleError) -> Value
    ) throws(BundleError) -> Value? {
        try flag() ? try read(&self) : nil
    }

    /// A number of values that follow; each takes a byte at least.
    public mutating func count() throws(BundleError) -> Int {
        let count = try integer()
        guard count >= 0, count <= bytes.count - position else { throw BundleError() }
        return count
    }

    public mutating func list<Value>(
        _ read: (inout BundleReader) throws(BundleError) -> Value
    ) throws(BundleError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try count()) { values.append(try read(&self)) }
        return values
    }

    public mutating func strings() throws(BundleError) -> [String] {
        try list { (reader: inout BundleReader) throws(BundleError) -> String in try reader.string() }
    }
}

extension SocketAddress: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        switch self {
        case .v4(let address, let port):
            writer.add(4)
            writer.add(Int(address.value))
            writer.add(Int(port))
        case .v6(let address, let port):
            writer.add(6)
            writer.add(address.bytes)
            writer.add(Int(port))
        case .unix(let path):
            writer.add(0)
            writer.add(path)
        }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        switch try reader.integer() {
        case 4:
            guard let value = UInt32(exactly: try reader.integer()), let port = UInt16(exactly: try reader.integer()) else {
                throw BundleError()
            }
            self = .v4(IPv4Address(value: value), port: port)
        case 6:
            let bytes = try reader.array()
            guard bytes.count == 16, let port = UInt16(exactly: try reader.integer()) else { throw BundleError() }
            self = .v6(IPv6Address(bytes: bytes), port: port)
        case 0: self = .unix(path: try reader.string())
        default: throw BundleError()
        }
    }
}
