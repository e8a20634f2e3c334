// A fuzzer for everything that reads a cache file: head, field section, records, names of files.
// Scripts/fuzz builds it with `-sanitize=fuzzer,address`; it is in no target of the package.
import Bytes
import Caching

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCacheFile(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: libFuzzer passes `count` bytes at `data` that live through the call.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    // As it came, and with a checksum that fits, so that what lies behind the checksum is reached as well.
    read(input)
    for version: UInt8 in [1, 2] { readSound(input, version) }
    return 0
}

/// The input as a whole head of this version.
private func readSound(_ input: [UInt8], _ version: UInt8) {
    guard input.count >= EntryFormat.fixedLength else { return }
    var head = input
    for (offset, byte) in EntryFormat.magic.enumerated() { head[offset] = byte }
    head[8] = version
    head[9] = 0
    let length = head.count
    head[12] = UInt8(truncatingIfNeeded: length)
    head[13] = UInt8(truncatingIfNeeded: length >> 8)
    head[14] = UInt8(truncatingIfNeeded: length >> 16)
    head[15] = 0
    EntryFormat.finish(&head, headLength: length, bodyLength: 0, bodyChecksum: 0)
    read(head)
}

private func read(_ file: [UInt8]) {
    let span = file.span
    switch EntryFormat.decode(span, fileSize: file.count) {
    case .head(let decoded):
        let start = decoded.updatesStart
        precondition(start <= file.count)
        _ = UpdateRecord.decode(span.extracting(start..<file.count), at: start, file: decoded.headChecksum)
        _ = EntryFormat.encodeHead(decoded.head)
    case .needs(let count): precondition(count > file.count)
    case .damaged: break
    }
    _ = UpdateRecord.decode(span, at: 0, file: 0)
    _ = EntryFormat.updatesStart(span)
    _ = CacheDirectory.classify(String(decoding: file, as: UTF8.self))
}
