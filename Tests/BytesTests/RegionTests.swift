import Bytes
import TestSupport
import Testing

@Suite("Frozen bytes, shared blocks, regions")
struct RegionTests {
    @Test("frozen bytes are a copy, of any length")
    func frozen() {
        for count in [0, 1, 15, 16, 17, 4096] {
            var numbers = Numbers(seed: UInt64(count))
            var source = numbers.bytes(count)
            let copy = source
            let frozen = FrozenBytes(copying: source.span)
            for index in source.indices { source[index] &+= 1 }
            #expect(frozen.count == count && frozen.bytes.array == copy)
        }
        #expect(FrozenBytes("zendan ✓").bytes.string == "zendan ✓")
        #expect(FrozenBytes([1, 2]).bytes.array == [1, 2])
    }

    @Test("frozen bytes that are filled in place begin as zeros and are lent whole")
    func filledInPlace() {
        let frozen = FrozenBytes(count: 5) { span in
            #expect(span.count == 5)
            span[1] = 9
        }
        #expect(frozen.bytes.array == [0, 9, 0, 0, 0])
    }

    @Test("a block of one writer: what is written in pieces is read in any ranges")
    func sharedBlock() throws {
        var numbers = Numbers(seed: 5)
        let content = numbers.bytes(3000)
        let block = SharedBlock(capacity: content.count)
        #expect(block.capacity == 3000)
        var published = 0
        while published < content.count {
            let count = min(content.count - published, 1 + numbers.next(below: 400))
            block.write(content[published..<(published + count)].span, at: published)
            published += count
            let low = numbers.next(below: published)
            let high = low + numbers.next(below: published - low + 1)
            try #require(block.bytes(low..<high).array == Array(content[low..<high]))
        }
        #expect(SharedBlock(capacity: 0).capacity == 1)
    }

    @Test("other threads read what was published while the writer goes on")
    func sharedAcrossThreads() throws {
        let count = 1 << 16
        let block = SharedBlock(capacity: count)
        let published = Guarded(0)
        let writer = Background {
            var position = 0
            while position < count {
                let piece = (0..<64).map { UInt8(truncatingIfNeeded: position + $0) }
                block.write(piece.span, at: position)
                position += 64
                let end = position
                published.with { $0 = end }
            }
        }
        let readers = try onThreads(3) { _ in
            var wrong = 0
            var seen = 0
            while seen < count {
                let end = published.copy
                let span = block.bytes(seen..<end)
                for index in 0..<span.count where span[index] != UInt8(truncatingIfNeeded: seen + index) { wrong += 1 }
                seen = end
            }
            return wrong
        }
        try writer.wait()
        #expect(readers == [0, 0, 0])
    }

    @Test("a region reads from each kind of owner, keeps it alive, and can be narrowed")
    func regions() {
        func regions() -> [ByteRegion] {
            let block = ByteBuffer(capacity: 16)
            block.append(literal: "0123456789")
            let shared = SharedBlock(capacity: 16)
            shared.write(block.bytes, at: 2)
            return [ByteRegion(block, 2..<6), ByteRegion(FrozenBytes("0123456789"), 2..<6), ByteRegion(shared, 4..<8)]
        }
        // Nothing else refers to the owners here.
        for (region, start) in zip(regions(), [2, 2, 4]) {
            #expect(region.count == 4 && region.bytes.string == "2345")
            let part = ByteRegion.narrowed(region, (start + 1)..<(start + 3))
            #expect(part.bytes.string == "34" && part.count == 2 && region.bytes.string == "2345")
        }
    }
}
