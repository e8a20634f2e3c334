/// Header fields in order, with repetitions: `["Set-Cookie": "a=1", "Set-Cookie": "b=2"]`.
package struct FieldList: Sendable, Equatable, ExpressibleByDictionaryLiteral, Sequence {
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var fields: [Field] = []

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field($0.0, $0.1) }
    }

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    package func makeIterator() -> IndexingIterator<[Field]> { fields.makeIterator() }

    /// The first value of a name in any case.
    package subscript(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Every value of a name, in order.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name, value))
    }

    package func without(_ names: String...) -> FieldList {
        let dropped = Set(names.map { $0.lowercased() })
        return FieldList(fields.filter { !dropped.contains($0.name.lowercased()) })
    }

    /// The lines as they go over the wire.
    package var lines: String {
        fields.map { "\($0.name): \($0.value)\r\n" }.joined()
    }
}
