import Testing

@testable import Bytes

@Suite("Byte strings")
struct ByteStringTests {
    @Test("what is appended in any pieces is what an array holds")
    func pieces() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var string = ByteString()
            var array: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40) {
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    let byte = UInt8.random(in: 0...255)
                    string.append(byte)
                    array.append(byte)
                case 1:
                    let bytes = (0..<Int.random(in: 0...100)).map { _ in UInt8.random(in: 0...255) }
                    string.append(bytes.span)
                    array += bytes
                case 2:
                    string.append(literal: "text/html; charset=utf-8")
                    array += Array("text/html; charset=utf-8".utf8)
                case 3:
                    string.clear()
                    array = []
                case 4:
                    let bytes = Array("\"abc\"".utf8)
                    string.set(bytes.span)
                    array = bytes
                case 5:
                    let bytes = (0..<Int.random(in: 0...20)).map { _ in UInt8.random(in: 0...255) }
                    let position = Int.random(in: 0...array.count)
                    string.insert(bytes, at: position)
                    array.insert(contentsOf: bytes, at: position)
                case 6:
                    let count = Int.random(in: 0...(array.count + 3))
                    string.truncate(to: count)
                    array = Array(array.prefix(count))
                default:
                    let value = Int.random(in: Int.min...Int.max) >> Int.random(in: 0..<64)
                    string.append(decimal: value)
                    array += Array("\(value)".utf8)
                }
                #expect(string.array == array)
                #expect(string.count == array.count)
                #expect(string.isEmpty == array.isEmpty)
                #expect(string.first == array.first)
                #expect(string.last == array.last)
            }
        }
    }
}
