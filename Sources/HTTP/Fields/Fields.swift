import Bytes

/// Where one field line stands in the bytes it was read into, or was written to.
package struct FieldSlot: Sendable {
    package let name: FieldName
    package let nameStart: UInt32
    package let nameCount: UInt16
    package let valueStart: UInt32
    package let valueCount: UInt32

    package init(name: FieldName, nameStart: Int, nameCount: Int, valueStart: Int, valueCount: Int) {
        // One check for all four: a head is never as large as what would not fit.
        precondition((nameStart | valueStart | valueCount) >> 32 == 0 && nameCount >> 16 == 0)
        self.name = name
        self.nameStart = UInt32(truncatingIfNeeded: nameStart)
        self.nameCount = UInt16(truncatingIfNeeded: nameCount)
        self.valueStart = UInt32(truncatingIfNeeded: valueStart)
        self.valueCount = UInt32(truncatingIfNeeded: valueCount)
    }

    package var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
    package var valueRange: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
}

/// An ordered list of field lines that owns its bytes (RFC 9110 §5): what a response is composed in, what is stored.
///
/// A value of this type is reused from request to request (`removeAll` keeps its memory), so composing a head does not
/// allocate once a loop is warm.
package struct Fields: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var slots: [FieldSlot] = []

    package init() {}

    package var count: Int { slots.count }
    package var isEmpty: Bool { slots.isEmpty }

    package mutating func removeAll() {
        bytes.clear()
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
    }

    /// Appends a line under a known name, in its usual spelling.
    package mutating func append(_ name: FieldName, _ value: Span<UInt8>) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        finish(name, nameStart: nameStart, value)
    }

    /// Appends a line under any name; `spelledAs` is kept as it is and interned.
    package mutating func append(spelledAs name: Span<UInt8>, _ value: Span<UInt8>) {
        append(interned: FieldName(name), spelledAs: name, value)
    }

    /// Appends a line whose name has been interned already.
    package mutating func append(interned name: FieldName, spelledAs spelling: Span<UInt8>, _ value: Span<UInt8>) {
        let nameStart = bytes.count
        bytes.append(spelling)
        finish(name, nameStart: nameStart, value)
    }

    package mutating func append(_ name: FieldName, literal value: StaticString) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        let valueStart = bytes.count
        bytes.append(literal: value)
        addSlot(name, nameStart, valueStart)
    }

    package mutating func append(_ name: FieldName, decimal value: Int) {
        let nameStart = bytes.count
        bytes.append(literal: name.spelling)
        let valueStart = bytes.count
        bytes.append(decimal: value)
        addSlot(name, nameStart, valueStart)
    }

    private mutating func finish(_ name: FieldName, nameStart: Int, _ value: Span<UInt8>) {
        let valueStart = bytes.count
        bytes.append(value)
        addSlot(name, nameStart, valueStart)
    }

    private mutating func addSlot(_ name: FieldName, _ nameStart: Int, _ valueStart: Int) {
        slots.append(
            FieldSlot(
                name: name, nameStart: nameStart, nameCount: min(valueStart - nameStart, Int(UInt16.max)),
                valueStart: valueStart,
                valueCount: bytes.count - valueStart))
    }

    /// The value of a line.
    @_lifetime(borrow self)
    package func value(_ slot: FieldSlot) -> Span<UInt8> { bytes.span.extracting(slot.valueRange) }

    /// The name of a line as it is spelled.
    @_lifetime(borrow self)
    package func spelling(_ slot: FieldSlot) -> Span<UInt8> { bytes.span.extracting(slot.nameRange) }

    /// The position of the first line with this name.
    package func firstIndex(of name: FieldName) -> Int? {
        for index in slots.indices where slots[index].name == name { return index }
        return nil
    }

    package func contains(_ name: FieldName) -> Bool { firstIndex(of: name) != nil }

    /// Removes every line with this name (its bytes stay until `removeAll`).
    package mutating func remove(_ name: FieldName) {
        slots.removeAll { $0.name == name }
    }

    /// Removes the line at `index`.
    package mutating func remove(at index: Int) { slots.remove(at: index) }

    /// Whether two names are the same field: by number, or, for names that are not known, by their bytes.
    package func isNamed(_ slot: FieldSlot, _ name: Span<UInt8>) -> Bool {
        bytes.span.extracting(slot.nameRange).equalsIgnoringCase(name)
    }
}
