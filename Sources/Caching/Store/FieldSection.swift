import Bytes
import HTTP

/// Field lines as they stand in a cache file: for each line the lengths of name (2 bytes) and value (4), then both.
enum FieldSection {
    static func append(_ fields: Fields, to output: inout [UInt8]) {
        for slot in fields.slots {
            let name = fields.spelling(slot)
            let value = fields.value(slot)
            output.appendNumber(UInt16(truncatingIfNeeded: name.count))
            output.appendNumber(UInt32(truncatingIfNeeded: value.count))
            output.append(name)
            output.append(value)
        }
    }

    /// Reads exactly `count` lines that fill exactly `bytes`; nil otherwise, or when a byte stands there that a field line
    /// cannot have (it would end the line on the way to a client).
    static func decode(_ bytes: Span<UInt8>, count: Int) -> Fields? {
        var fields = Fields()
        var offset = 0
        for _ in 0..<count {
            guard let nameCount = bytes.number(UInt16.self, at: offset),
                let valueCount = bytes.number(UInt32.self, at: offset + 2)
            else { return nil }
            let nameStart = offset + 6
            let valueStart = nameStart + Int(nameCount)
            let end = valueStart + Int(valueCount)
            guard nameCount > 0, end <= bytes.count else { return nil }
            let name = bytes.extracting(nameStart..<valueStart)
            let value = bytes.extracting(valueStart..<end)
            guard isClean(name), isClean(value) else { return nil }
            fields.append(spelledAs: name, value)
            offset = end
        }
        return offset == bytes.count ? fields : nil
    }

    /// Whether no byte stands there that would end a line of a head.
    static func isClean(_ text: Span<UInt8>) -> Bool {
        for index in 0..<text.count {
            let byte = text[index]
            if byte == 0 || byte == ASCII.lineFeed || byte == ASCII.carriageReturn { return false }
        }
        return true
    }
}
