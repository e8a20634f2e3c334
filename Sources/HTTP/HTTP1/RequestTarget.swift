import Bytes

/// The forms of a request target (RFC 9112 §3.2).
extension RequestDecoder {
    private static let badTarget = RequestFailure(400, "a byte that may not stand in a request target")
    private static let badPath = RequestFailure(
        400, "the path has a malformed percent-encoding, a zero byte or more \"..\" than segments")

    /// `/path?query` at `line.lowerBound`; returns where it ends.
    func decodeOriginForm(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        let shape = try RequestDecoder.shape(bytes, line)
        head.targetRange = line.lowerBound..<shape.end
        let pathEnd = min(shape.question, shape.fragment)
        head.pathRange = line.lowerBound..<pathEnd
        if shape.question < shape.fragment { head.queryRange = (shape.question &+ 1)..<shape.fragment }
        if !shape.isComplex {
            head.path.append(bytes.extracting(head.pathRange))
            return shape.end
        }
        guard
            PathNormalization.normalize(
                bytes.extracting(head.pathRange), mergesSlashes: limits.mergesSlashes, into: &head.path)
        else { throw RequestDecoder.badPath }
        return shape.end
    }

    /// Where the parts of a target end, and whether its path has anything to decode or fold.
    private struct Shape {
        var end: Int
        /// The first question mark; `end` when there is none.
        var question: Int
        /// The first number sign; `end` when there is none. It and what follows is no part of what is asked for.
        var fragment: Int
        var isComplex: Bool
    }

    private static func shape(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFailure) -> Shape {
        var index = line.lowerBound
        let limit = line.upperBound
        // Of the lower 64 characters, those that mean nothing here: neither controls nor ` #%/?`.
        let plain: UInt64 = 0x7fff_7fd6_0000_0000
        var isComplex = false
        var question = -1
        var fragment = -1
        scan: while index < limit {
            let byte = bytes[index]
            if byte > 0x3f {
                if byte == 0x7f { throw badTarget }
            } else if plain &>> UInt64(byte) & 1 == 0 {
                switch byte {
                case ASCII.space: break scan
                case UInt8(ascii: "/") where question < 0:
                    if index &+ 1 < limit, bytes[index &+ 1] == byte || bytes[index &+ 1] == UInt8(ascii: ".") {
                        isComplex = true
                    }
                case UInt8(ascii: "%") where question < 0: isComplex = true
                case UInt8(ascii: "?") where question < 0 && fragment < 0: question = index
                case UInt8(ascii: "#") where fragment < 0: fragment = index
                case 0..<0x20: throw badTarget
                default: break
                }
            }
            index &+= 1
        }
        return Shape(
            end: index, question: question < 0 ? index : question, fragment: fragment < 0 ? index : fragment,
            isComplex: isComplex)
    }

    /// `scheme://authority/path?query`; returns where it ends.
    func decodeAbsoluteForm(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        let malformed = RequestFailure(400, "the absolute target is not scheme://authority/path")
        var index = line.lowerBound
        let limit = line.upperBound
        while index < limit, isSchemeByte(bytes[index]) { index &+= 1 }
        let colon = index
        guard limit &- colon >= 3, bytes[colon] == UInt8(ascii: ":"), bytes[colon &+ 1] == UInt8(ascii: "/"),
            bytes[colon &+ 2] == UInt8(ascii: "/")
        else { throw malformed }
        head.schemeRange = line.lowerBound..<colon
        index = try decodeAuthority(bytes, (colon &+ 3)..<limit, head)
        guard index < limit else { throw malformed }
        if bytes[index] == ASCII.space {
            // No path: the slash of "//" stands for it, so that the target is still a range of the buffer.
            head.targetRange = (colon &+ 1)..<(colon &+ 2)
            head.pathRange = head.targetRange
            head.path.append(UInt8(ascii: "/"))
            return index
        }
        switch bytes[index] {
        case UInt8(ascii: "/"):
            return try decodeOriginForm(bytes, index..<limit, head)
        case UInt8(ascii: "?"):
            let shape = try RequestDecoder.shape(bytes, index..<limit)
            head.targetRange = index..<shape.end
            head.pathRange = (colon &+ 1)..<(colon &+ 2)
            head.queryRange = (index &+ 1)..<max(shape.fragment, index &+ 1)
            head.path.append(UInt8(ascii: "/"))
            return shape.end
        default:
            throw malformed
        }
    }

    /// `host:port` of a CONNECT request; returns where it ends. The path stands for the root, as in nginx.
    func decodeAuthorityForm(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        let end = try decodeAuthority(bytes, line, head)
        guard head.hostPort != nil, end == line.upperBound || bytes[end] == ASCII.space else {
            throw RequestFailure(400, "the target of CONNECT is not host:port")
        }
        head.targetRange = line.lowerBound..<end
        head.path.append(UInt8(ascii: "/"))
        return end
    }

    /// Reads a host and a port up to a byte that can be in neither. A name is of letters, digits, dots and hyphens here:
    /// less than Host may hold, as in nginx.
    private func decodeAuthority(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        var index = line.lowerBound
        let limit = line.upperBound
        let isLiteral = index < limit && bytes[index] == UInt8(ascii: "[")
        scan: while index < limit {
            switch bytes[index] {
            case ASCII.space, UInt8(ascii: "/"), UInt8(ascii: "?"): break scan
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"): break
            case let byte where isLiteral || ASCII.isAlphanumeric(byte): break
            default: throw RequestFailure(400, "the authority of the target is not host:port")
            }
            index &+= 1
        }
        let range = line.lowerBound..<index
        guard Authority.parse(bytes.extracting(range), host: &head.host, port: &head.hostPort) else {
            throw RequestFailure(400, "the authority of the target is not host:port")
        }
        head.authorityRange = range
        return index
    }

    private func isSchemeByte(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
