// A fuzzer for everything that reads configuration text: lexer, parser, resolver, values, templates.
import Configuration

enum ConfigurationTextFuzz {
    private enum Values: DirectiveSet {
        struct Settings: Sendable {
            var flag = false
            var number = 1
            var size = 1
            var time: Int64 = 1
            var list: [String] = []
            var template = TemplateSyntax(constant: "")
        }

        static let initial = Settings()
        static let inner: BlockContext = [.http, .server, .location]
        static let directives: [Directive<Settings>] = [
            .opens("http", as: .http, repeats: false, in: .main, ""),
            .opens("server", as: .server, in: .http, ""),
            .opens("location", as: .location, arity: 1...2, in: [.server, .location], ""),
            .opens("limit_except", as: .limitExcept, arity: 1..., in: .location, ""),
            .flag("f", \.flag, in: inner, ""),
            .integer("n", \.number, 1...9, in: inner, ""),
            .size("s", \.size, in: inner, ""),
            .time("t", \.time, in: inner, "", inheritance: .own),
            .texts("l", \.list, in: inner, ""),
            .template("v", \.template, in: inner, ""),
        ]
    }

    private static let registry = DirectiveRegistry([Values.self])

    static func check(_ bytes: [UInt8]) -> String? {
        var reader = MemorySourceReader(["/x.conf": "f on;"])
        reader.files["/c"] = bytes
        let paths = ConfigurationPaths(prefix: "/", file: "c")
        if let loaded = try? ConfigurationLoader(registry, reader: reader).load(paths: paths) {
            _ = loaded.root.settings(Values.self)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        _ = ArgumentTypes.size(text)
        _ = ArgumentTypes.milliseconds(text)
        _ = ArgumentTypes.seconds(text)
        _ = try? TemplateSyntax(parsing: text, at: nil)
        return nil
    }
}
