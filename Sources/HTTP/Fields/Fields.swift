import Bytes

/// Where one field line stands in the bytes it was read into, or was written to.
public struct FieldSlot: Sendable {
    public let name: FieldName
    public let nameStart: UInt32
    public let nameCount: UInt16
    public let valueStart: UInt32
    public let valueCount: UInt32

    public init(name: FieldName, nameStart: Int, nameCount: Int, valueStart: Int, valueCount: Int) {
        // One check for all four: a head is never as large as what would not fit.
        precondition((nameStart | valueStart | valueCount) >> 32 == 0 && nameCount >> 16 == 0)
        self.name = name
        self.nameStart = UInt32(truncatingIfNeeded: nameStart)
        self.nameCount = UInt16(truncatingIfNeeded: nameCount)
        self.valueStart = UInt32(truncatingIfNeeded: valueStart)
        self.valueCount = UInt32(truncatingIfNeeded: valueCount)
    }

    /// The whole line, its end included, where it is written as this server would write it: one space behind the colon, CR LF
    /// at the end, nothing else. Such a line is copied in one piece.
    public func plainLine(in bytes: Span<UInt8>) -> Range<Int>? {
        let nameEnd = Int(nameStart) &+ Int(nameCount)
        let valueEnd = Int(valueStart) &+ Int(valueCount)
        guard Int(valueStart) == nameEnd &+ 2, valueEnd &+ 2 <= bytes.count, bytes[nameEnd] == UInt8(ascii: ":"),
            bytes[nameEnd &+ 1] == ASCII.space, bytes[valueEnd] == ASCII.carriageReturn,
            bytes[valueEnd &+ 1] == ASCII.lineFeed
        else { return nil }
        return Int(nameStart)..<(valueEnd &+ 2)
    }

    public var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
    public var valueRange: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
}

/// An ordered list of field lines that owns its bytes (RFC 9110 §5): what a response is composed in, what is stored.
///
/// The bytes are the lines as they are sent, one after another: a head without removed lines is one copy.
///
/// A value of this type is reused from request to request (`removeAll` keeps its memory), so composing a head does not
/// allocate once a loop is warm.
public struct Fields: Sendable {
    public private(set) var bytes: [UInt8] = []
    public private(set) var slots: [FieldSlot] = []
    /// Lines have been removed whose bytes are still there.
    private var hasGaps = false

    public init() {}

    public var count: Int { slots.count }
    public var isEmpty: Bool { slots.isEmpty }

    public mutating func removeAll() {
        bytes.clear()
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
        hasGaps = false
    }

    /// Appends a line under a known name, in its usual spelling.
    public mutating func append(_ name: FieldName, _ value: Span<UInt8>) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        finish(name, nameStart: nameStart, value)
    }

    /// Appends a line under any name; `spelledAs` is kept as it is and interned.
    public mutating func append(spelledAs name: Span<UInt8>, _ value: Span<UInt8>) {
        append(interned: FieldName(name), spelledAs: name, value)
    }

    /// Appends a line whose name has been interned already.
    public mutating func append(interned name: FieldName, spelledAs spelling: Span<UInt8>, _ value: Span<UInt8>) {
        let nameStart = bytes.count
        bytes.append(spelling)
        finish(name, nameStart: nameStart, value)
    }

    public mutating func append(_ name: FieldName, literal value: StaticString) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        bytes.append(literal: ": ")
        let valueStart = bytes.count
        bytes.append(literal: value)
        addSlot(name, nameStart, valueStart)
    }

    public mutating func append(_ name: FieldName, decimal value: Int) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        bytes.append(literal: ": ")
        let valueStart = bytes.count
        bytes.append(decimal: value)
        addSlot(name, nameStart, valueStart)
    }

    private mutating func finish(_ name: FieldName, nameStart: Int, _ value: Span<UInt8>) {
        bytes.append(literal: ": ")
        let valueStart = bytes.count
        bytes.append(value)
        addSlot(name, nameStart, valueStart)
    }

    private mutating func addSlot(_ name: FieldName, _ nameStart: Int, _ valueStart: Int) {
        let valueCount = bytes.count - valueStart
        bytes.append(literal: "\r\n")
        slots.append(
            FieldSlot(
                name: name, nameStart: nameStart, nameCount: min(valueStart - 2 - nameStart, Int(UInt16.max)),
                valueStart: valueStart, valueCount: valueCount))
    }

    /// Appends the line that stands at `slot` in `source`: in one piece, where it is plain.
    public mutating func append(_ slot: FieldSlot, of source: Span<UInt8>) {
        guard let line = slot.plainLine(in: source) else {
            return append(
                interned: slot.name, spelledAs: source.extracting(slot.nameRange), source.extracting(slot.valueRange))
        }
        let start = bytes.count
        bytes.append(source.extracting(line))
        slots.append(
            FieldSlot(
                name: slot.name, nameStart: start, nameCount: Int(slot.nameCount), valueStart: start + Int(slot.nameCount) + 2,
                valueCount: Int(slot.valueCount)))
    }

    /// Appends all lines to `output`, each with its end.
    @inline(__always)
    public func append(to output: ByteBuffer) {
        if !hasGaps { return output.append(bytes.span) }
        for slot in slots {
            let end = Int(slot.valueStart) + Int(slot.valueCount) + 2
            output.append(bytes.span.extracting(Int(slot.nameStart)..<end))
        }
    }

    /// The value of a line.
    @_lifetime(borrow self)
    public func value(_ slot: FieldSlot) -> Span<UInt8> { bytes.span.extracting(slot.valueRange) }

    /// The name of a line as it is spelled.
    @_lifetime(borrow self)
    public func spelling(_ slot: FieldSlot) -> Span<UInt8> { bytes.span.extracting(slot.nameRange) }

    /// The position of the first line with this name.
    public func firstIndex(of name: FieldName) -> Int? {
        for index in slots.indices where slots[index].name == name { return index }
        return nil
    }

    public func contains(_ name: FieldName) -> Bool { firstIndex(of: name) != nil }

    /// Removes every line with this name (its bytes stay until `removeAll`).
    public mutating func remove(_ name: FieldName) {
        let count = slots.count
        slots.removeAll { $0.name == name }
        if slots.count < count { hasGaps = true }
    }

    /// Removes the line at `index`.
    public mutating func remove(at index: Int) {
        slots.remove(at: index)
        hasGaps = true
    }

    /// Whether two names are the same field: by number, or, for names that are not known, by their bytes.
    public func isNamed(_ slot: FieldSlot, _ name: Span<UInt8>) -> Bool {
        bytes.span.extracting(slot.nameRange).equalsIgnoringCase(name)
    }
}
