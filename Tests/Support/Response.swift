/// One response as a client saw it.
package struct Response: Sendable, CustomStringConvertible {
    package var version: String
    package var status: Int
    package var reason: String
    package var fields: FieldList
    package var body: [UInt8]
    package var trailers: FieldList = [:]
    /// Interim responses (1xx) that came before it, by status.
    package var interim: [Int] = []

    /// The first value of a field, in any case.
    package subscript(_ name: String) -> String? { fields[name] }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// Whether the connection stays open after it, by its version and its Connection field.
    package var keepsAlive: Bool {
        let options = fields.all("Connection").joined(separator: ",").lowercased()
        if options.contains("close") { return false }
        return version != "HTTP/1.0" || options.contains("keep-alive")
    }

    package var description: String {
        "\(version) \(status) \(reason)\n\(fields.lines)\n\(text.prefix(2000))"
    }
}
