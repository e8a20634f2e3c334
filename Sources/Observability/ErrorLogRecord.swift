import Bytes
import Platform

extension ErrorLog {
    /// One line of the error log while it is written. It has a fixed size; what does not fit is cut off.
    ///
    /// Everything but literals is escaped: control bytes become `\xHH`, so that no client writes lines of its own or
    /// commands for the terminal of whoever reads the log. Inside quotation marks `"` and `\` are escaped too.
    public struct Record: ~Copyable {
        /// Longest line with its end, in bytes: nginx's bound.
        public static let maximumLength = 2_048

        public let level: LogLevel
        private let buffer = ByteBuffer(capacity: Record.maximumLength)

        init(level: LogLevel) { self.level = level }

        /// Room for text; the line's end always fits.
        private var room: Int { buffer.room - 1 }

        func appendRaw(_ literal: StaticString) {
            if literal.utf8CodeUnitCount <= room { buffer.append(literal: literal) }
        }

        func appendRaw(_ bytes: Span<UInt8>) {
            buffer.append(bytes.extracting(0..<min(bytes.count, max(room, 0))))
        }

        /// Appends words of the program's own.
        public mutating func append(_ literal: StaticString) {
            appendRaw(literal)
        }

        /// Appends text that is not the program's own, escaped.
        public mutating func append(_ bytes: Span<UInt8>) {
            append(bytes, isQuoted: false)
        }

        /// Appends text from the configuration or the system, escaped.
        @_disfavoredOverload
        public mutating func append(_ text: String) {
            let bytes = Array(text.utf8)
            append(bytes.span)
        }

        public mutating func append(number: Int) {
            if room >= 20 { buffer.append(decimal: number) }
        }

        /// Appends `"text"`, escaped.
        public mutating func append(quoted bytes: Span<UInt8>) {
            appendRaw("\"")
            append(bytes, isQuoted: true)
            appendRaw("\"")
        }

        /// Appends the system's reason as nginx does: ` (2: No such file or directory)`.
        public mutating func append(error: SystemError) {
            appendRaw(" (")
            append(error.description)
            appendRaw(")")
        }

        /// Says how many messages like this one were not written, if any.
        public mutating func append(keptBack count: Int) {
            guard count > 0 else { return }
            appendRaw(" (")
            append(number: count)
            appendRaw(" more like this were not logged)")
        }

        public mutating func append(client: Span<UInt8>) {
            appendRaw(", client: ")
            append(client)
        }

        public mutating func append(server: Span<UInt8>) {
            appendRaw(", server: ")
            append(server)
        }

        /// The request line.
        public mutating func append(request: Span<UInt8>) {
            appendRaw(", request: ")
            append(quoted: request)
        }

        /// The address that an upstream request went to, `http://127.0.0.1:3000/path`.
        public mutating func append(upstream: Span<UInt8>) {
            appendRaw(", upstream: ")
            append(quoted: upstream)
        }

        public mutating func append(host: Span<UInt8>) {
            appendRaw(", host: ")
            append(quoted: host)
        }

        public mutating func append(referrer: Span<UInt8>) {
            appendRaw(", referrer: ")
            append(quoted: referrer)
        }

        private func append(_ bytes: Span<UInt8>, isQuoted: Bool) {
            for index in 0..<bytes.count {
                let byte = bytes[index]
                let mustEscape =
                    byte < 32 || byte == 127 || (isQuoted && (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")))
                guard room >= 4 else { return }
                if mustEscape {
                    buffer.append(literal: "\\x")
                    buffer.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                    buffer.append(ASCII.hexDigit(byte, uppercase: true))
                } else {
                    buffer.append(byte)
                }
            }
        }

        /// The line with its end.
        consuming func finish() -> ByteBuffer {
            let line = buffer
            line.append(ASCII.lineFeed)
            return line
        }
    }
}
