/// What parsers ask of a run of bytes. All of it is bounds-checked; nothing here allocates but `string` and `array`.
extension Span where Element == UInt8 {
    /// True when the bytes are exactly those of `literal`.
    public func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        // Sound: a StaticString holds utf8CodeUnitCount immortal bytes.
        let other = unsafe Span(_unsafeStart: literal.utf8Start, count: count)
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// As `equals`, without regard to ASCII case. `literal` is lower case.
    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        let other = unsafe Span(_unsafeStart: literal.utf8Start, count: count)
        for index in 0..<count where ASCII.lowercased(self[index]) != other[index] { return false }
        return true
    }

    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count >= 8 else {
            for index in 0..<count where self[index] != other[index] { return false }
            return true
        }
        // Eight bytes at a time, the last eight perhaps twice.
        let last = count &- 8
        var index = 0
        while index < last {
            if word64(at: index) != other.word64(at: index) { return false }
            index &+= 8
        }
        return word64(at: last) == other.word64(at: last)
    }

    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) { return false }
        return true
    }

    public func hasPrefix(_ prefix: Span<UInt8>) -> Bool {
        guard count >= prefix.count else { return false }
        for index in 0..<prefix.count where self[index] != prefix[index] { return false }
        return true
    }

    public func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count >= length else { return false }
        let other = unsafe Span(_unsafeStart: literal.utf8Start, count: length)
        for index in 0..<length where self[index] != other[index] { return false }
        return true
    }

    /// The first position of `byte` at or after `start`.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The first position at or after `start` of a byte below `limit` (at most 128) or equal to `byte`; `count` when there is
    /// none.
    public func firstIndex(below limit: UInt8, or byte: UInt8, from start: Int = 0) -> Int {
        var index = start
        while index &+ 8 <= count {
            let word = word64(at: index)
            let mask = ByteLanes.below(limit, word) | ByteLanes.equal(byte, word)
            if mask != 0 { return index &+ ByteLanes.first(mask) }
            index &+= 8
        }
        while index < count, self[index] >= limit, self[index] != byte { index &+= 1 }
        return index
    }

    /// The last position of `byte`.
    public func lastIndex(of byte: UInt8) -> Int? {
        var index = count - 1
        while index >= 0 {
            if self[index] == byte { return index }
            index -= 1
        }
        return nil
    }

    /// Whether `needle` occurs; ASCII case is ignored when asked.
    public func contains(_ needle: Span<UInt8>, ignoringCase: Bool = false) -> Bool {
        if needle.isEmpty { return true }
        guard count >= needle.count else { return false }
        for start in 0...(count - needle.count) {
            let part = extracting(start..<(start + needle.count))
            if ignoringCase ? part.equalsIgnoringCase(needle) : part.equals(needle) { return true }
        }
        return false
    }

    /// A non-negative decimal number made of digits only, or nil (also when it does not fit).
    public func decimal() -> Int? {
        guard count > 0, count <= 19 else { return nil }
        var value = 0
        for index in 0..<count {
            guard ASCII.isDigit(self[index]) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int(self[index] &- 48))
            if overflow || carried { return nil }
            value = sum
        }
        return value
    }

    /// The range that is left when spaces and tabs are taken off both ends (RFC 9110 §5.6.3, OWS).
    public func trimmedRange(_ range: Range<Int>? = nil) -> Range<Int> {
        var low = range?.lowerBound ?? 0
        var high = range?.upperBound ?? count
        while low < high, self[low] == ASCII.space || self[low] == ASCII.tab { low += 1 }
        while high > low, self[high - 1] == ASCII.space || self[high - 1] == ASCII.tab { high -= 1 }
        return low..<high
    }

    /// A copy as an array.
    public var array: [UInt8] {
        var result: [UInt8] = []
        result.append(self)
        return result
    }

    /// A copy as a string (invalid UTF-8 is repaired): for messages and configuration, never per request.
    public var string: String {
        // Sound: the buffer pointer is used within the closure only.
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// FNV-1a over the bytes: for tables whose keys a peer does not choose at will.
    public func fnv1a(seed: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
        var hash = seed
        for index in 0..<count { hash = (hash ^ UInt64(self[index])) &* 0x100_0000_01b3 }
        return hash
    }
}

extension Array where Element == UInt8 {
    /// Appends a run of bytes by one memory copy.
    public mutating func append(_ span: Span<UInt8>) {
        // Sound: the buffer pointer is used within the closure only.
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Removes what is behind the first `count` bytes.
    public mutating func truncate(to count: Int) {
        if self.count > count { removeLast(self.count - count) }
    }

    /// Removes all bytes and keeps the memory; costs nothing when there are none.
    public mutating func clear() {
        if !isEmpty { removeAll(keepingCapacity: true) }
    }

    public mutating func append(literal: StaticString) {
        // Sound: a StaticString holds utf8CodeUnitCount immortal bytes.
        unsafe append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends `value` in decimal.
    public mutating func append(decimal value: Int) {
        if value >= 0, value < 10 { return append(UInt8(truncatingIfNeeded: value) &+ 48) }
        if value < 0 { append(UInt8(ascii: "-")) }
        let digits = DecimalDigits(value.magnitude)
        append(digits.bytes)
    }
}
