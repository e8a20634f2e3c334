import Bytes

extension RequestHead {
    /// A head of its own with the same content, for a request that goes on after its client's: a background update.
    public func copy() -> RequestHead {
        let block = ByteBuffer(capacity: max(end, 1))
        let received = buffer
        block.append(received.bytes(0..<end))
        let copy = RequestHead(buffer: block)
        copy.method = method
        copy.methodRange = methodRange
        copy.targetRange = targetRange
        copy.pathRange = pathRange
        copy.queryRange = queryRange
        copy.authorityRange = authorityRange
        copy.schemeRange = schemeRange
        copy.lineRange = lineRange
        copy.version = version
        copy.slots = slots
        copy.start = start
        copy.end = end
        copy.path = path
        copy.host = host
        copy.hostPort = hostPort
        copy.keepsAlive = keepsAlive
        copy.scan = scan
        return copy
    }
}
