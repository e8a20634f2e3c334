import Bytes

/// Which of the additional values of a PROXY header is meant: what stands behind `$proxy_protocol_tlv_`.
public struct ProxyValueName: Sendable, Equatable {
    private enum Place: Sendable, Equatable {
        case top, withinSSL, verification
    }

    private let place: Place
    private let kind: UInt8

    /// `alpn`, `authority`, `unique_id`, `ssl`, `netns`, `ssl_verify`, `ssl_version`, `ssl_cn`, `ssl_cipher`,
    /// `ssl_sig_alg`, `ssl_key_alg`, or a number as `0x05` and `ssl_0x21`; nil for anything else.
    public init?(_ name: String) {
        let bytes = Array(name.utf8)
        if name == "ssl_verify" {
            (place, kind) = (.verification, 0x20)
        } else if name.hasPrefix("ssl_") {
            guard let found = Self.number(Array(bytes.dropFirst(4)), Self.withinSSL) else { return nil }
            (place, kind) = (.withinSSL, found)
        } else {
            guard let found = Self.number(bytes, Self.top) else { return nil }
            (place, kind) = (.top, found)
        }
    }

    private static let top: [(String, UInt8)] = [
        ("alpn", 0x01), ("authority", 0x02), ("unique_id", 0x05), ("ssl", 0x20), ("netns", 0x30),
    ]
    private static let withinSSL: [(String, UInt8)] = [
        ("version", 0x21), ("cn", 0x22), ("cipher", 0x23), ("sig_alg", 0x24), ("key_alg", 0x25),
    ]

    private static func number(_ name: [UInt8], _ names: [(String, UInt8)]) -> UInt8? {
        if let known = names.first(where: { Array($0.0.utf8) == name }) { return known.1 }
        guard name.count > 2, name[0] == UInt8(ascii: "0"), name[1] == UInt8(ascii: "x") else { return nil }
        var value = 0
        for digit in name.dropFirst(2) {
            guard let digit = ASCII.hexValue(digit) else { return nil }
            value = value << 4 | Int(digit)
            if value > 255 { return nil }
        }
        return UInt8(value)
    }

    /// The value among `values`; nil when it is not there, or they are not well formed up to it.
    fileprivate func find(_ values: Span<UInt8>) -> [UInt8]? {
        switch place {
        case .top: return Self.find(kind, values)?.array
        case .withinSSL, .verification:
            // A byte of flags, four of the verification's result, then values of its own.
            guard let record = Self.find(0x20, values), record.count >= 5 else { return nil }
            if place == .withinSSL { return Self.find(kind, record.extracting(5..<record.count))?.array }
            var result = 0
            for index in 1..<5 { result = result << 8 | Int(record[index]) }
            return Array(String(result).utf8)
        }
    }

    /// The first value of a kind.
    @_lifetime(copy values)
    private static func find(_ kind: UInt8, _ values: Span<UInt8>) -> Span<UInt8>? {
        var place = 0
        while place + 3 <= values.count {
            let length = Int(values[place + 1]) << 8 | Int(values[place + 2])
            let start = place + 3
            guard start + length <= values.count else { return nil }
            if values[place] == kind { return values.extracting(start..<(start + length)) }
            place = start + length
        }
        return nil
    }
}

extension ProxyHeader {
    /// One of its additional values (`$proxy_protocol_tlv_…`); nil when the balancer did not send it.
    public func value(_ name: ProxyValueName) -> [UInt8]? {
        if values.isEmpty { return nil }
        return name.find(values.span)
    }
}
