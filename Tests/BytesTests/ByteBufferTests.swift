import Bytes
import TestSupport
import Testing

/// Bytes of a string: what most tests here begin with.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("Buffers")
struct ByteBufferTests {
    private struct Refusal: Error {}

    @Test("any order of operations does what it does to an array")
    func model() throws {
        var numbers = Numbers(seed: 3)
        for _ in 0..<200 {
            let capacity = 1 + numbers.next(below: 80)
            let buffer = ByteBuffer(capacity: capacity)
            var model: [UInt8] = []
            for _ in 0..<30 {
                let room = capacity - model.count
                switch numbers.next(below: 8) {
                case 0:
                    let more = numbers.bytes(numbers.next(below: room + 1))
                    buffer.append(more.span)
                    model += more
                case 1 where room > 0:
                    buffer.append(7)
                    model.append(7)
                case 2 where room >= 3:
                    buffer.append(literal: "a:b")
                    model += bytes("a:b")
                case 3 where room >= 20:
                    let value = Int(truncatingIfNeeded: numbers.next(below: 1 << 30) << numbers.next(below: 40))
                    buffer.append(decimal: value)
                    model += bytes(String(value))
                case 4:
                    let count = numbers.next(below: model.count + 1)
                    buffer.removeFirst(count)
                    model.removeFirst(count)
                case 5:
                    let count = numbers.next(below: model.count + 1)
                    buffer.truncate(to: count)
                    model.removeLast(model.count - count)
                case 6:
                    let more = numbers.bytes(numbers.next(below: room + 1))
                    let said = buffer.fill { span in
                        for index in more.indices { span[index] = more[index] }
                        return more.count
                    }
                    #expect(said == more.count)
                    model += more
                default:
                    if numbers.next(below: 20) == 0 {
                        buffer.clear()
                        model = []
                    }
                }
                try #require(buffer.count == model.count && buffer.room == capacity - model.count)
                #expect(buffer.isEmpty == model.isEmpty)
                try #require(buffer.bytes.array == model)
                let low = numbers.next(below: model.count + 1)
                let high = low + numbers.next(below: model.count - low + 1)
                #expect(buffer.bytes(low..<high).array == Array(model[low..<high]))
                if let last = model.indices.last { #expect(buffer[last] == model[last]) }
            }
        }
    }

    @Test("the free part is offered whole; what failed to fill it leaves the buffer as it was")
    func filling() {
        let buffer = ByteBuffer(capacity: 10)
        buffer.append(literal: "abc")
        var offered = 0
        #expect(throws: Refusal.self) {
            _ = try buffer.fill { (span) throws(Refusal) -> Int in
                offered = span.count
                span[0] = 1
                throw Refusal()
            }
        }
        #expect(offered == 7 && buffer.bytes.array == bytes("abc"))
        // A system call's -1 is passed on, and adds nothing.
        #expect(buffer.fill { _ in -1 } == -1)
        #expect(buffer.bytes.array == bytes("abc"))
    }

    @Test("numbers in decimal, the extremes too", arguments: [0, 1, 9, 10, 99, 100, -1, -10, Int.max, Int.min])
    func decimals(value: Int) {
        let buffer = ByteBuffer(capacity: 20)
        buffer.append(decimal: value)
        #expect(buffer.bytes.string == String(value))
        var array: [UInt8] = []
        array.append(decimal: value)
        #expect(array == bytes(String(value)))
    }

    @Test("every power of ten and its neighbours")
    func digits() {
        var power: UInt = 1
        while true {
            for value in [power - 1, power, power + 1, UInt.max - power] {
                let digits = DecimalDigits(value)
                #expect(digits.bytes.array == bytes(String(value)))
            }
            let (next, overflow) = power.multipliedReportingOverflow(by: 10)
            if overflow { break }
            power = next
        }
    }

    @Test("a span given out stays where it is while the buffer grows behind it")
    func spansDoNotMove() {
        let owner = BufferOwner(buffer: ByteBuffer(capacity: 64))
        owner.buffer.append(literal: "head")
        let span = owner.bytes(1..<3)
        for _ in 0..<60 { owner.buffer.append(UInt8(ascii: "x")) }
        #expect(span.string == "ea")
        #expect(owner.bytes(4..<64).array == [UInt8](repeating: UInt8(ascii: "x"), count: 60))
    }
}

@Suite("Pools of buffers")
struct BufferPoolTests {
    @Test("a block given back is taken again, empty; the pool keeps no more than its limit")
    func reuse() {
        let pool = BufferPool(blockSize: 32, limit: 2)
        var identities: [ObjectIdentifier] = []
        do {
            let blocks = [pool.take(), pool.take(), pool.take()]
            for block in blocks { block.append(literal: "old") }
            identities = blocks.map { ObjectIdentifier($0) }
            #expect(Set(identities).count == 3)
            var rest = blocks
            // `blocks` refers to them too: none may be given to somebody else while it does.
            for _ in 0..<3 { pool.give(rest.removeLast()) }
            #expect(!identities.contains(ObjectIdentifier(pool.take())))
            withExtendedLifetime(blocks) {}
        }
        var mine: [ByteBuffer] = [pool.take(), pool.take(), pool.take()]
        identities = mine.map { ObjectIdentifier($0) }
        for block in mine { block.append(literal: "old") }
        while let block = mine.popLast() { pool.give(block) }
        let again = [pool.take(), pool.take(), pool.take()]
        #expect(again.allSatisfy { $0.isEmpty && $0.capacity == 32 })
        #expect(again.filter { identities.contains(ObjectIdentifier($0)) }.count >= 2)
    }

    @Test("a block that somebody still reads is not handed to another")
    func shared() {
        let pool = BufferPool(blockSize: 32, limit: 4)
        let block = pool.take()
        block.append(literal: "going out")
        let region = ByteRegion(block, 0..<5)
        pool.give(block)
        let other = pool.take()
        other.append(literal: "overwritten")
        #expect(region.bytes.string == "going")
        #expect(other !== block)
    }

    @Test("a block of another size is not kept")
    func otherSize() {
        let pool = BufferPool(blockSize: 32, limit: 4)
        pool.give(ByteBuffer(capacity: 64))
        #expect(pool.take().capacity == 32)
    }
}
