import Testing

@testable import Configuration

/// What must hold for any bytes: shared by the ordinary tests and the fuzzer's seeds.
enum ConfigurationProbe {
    static func run(_ bytes: [UInt8]) {
        var reader = MemorySourceReader([:])
        reader.files["/c"] = bytes
        reader.files["/sub/x.conf"] = Array("gzip on;".utf8)
        let loader = ConfigurationLoader(sampleRegistry, reader: reader)
        let paths = ConfigurationPaths(prefix: "/", file: "c")
        do throws(ConfigurationFailure) {
            let loaded = try loader.load(paths: paths)
            _ = loaded.root.settings(Compression.self)
        } catch {
            #expect(!error.error.message.isEmpty)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        _ = ArgumentTypes.size(text)
        _ = ArgumentTypes.milliseconds(text)
        _ = ArgumentTypes.seconds(text)
        if let template = try? TemplateSyntax(parsing: text, at: nil) {
            #expect(template.isConstant == !text.utf8.contains(36))
        }
    }
}

@Suite struct PropertyTests {
    private let words = [
        "http", "server", "location", "gzip", "add_header", "types", "include", "on", "off", "/", "~", "$a", "${b}", "\"q\"",
        "'s'", ";", ";", ";", "{", "}", "{", "}", "\n", "# c\n", "sub/*.conf", "x", "1h", "8k", "events", "limit_except",
    ]

    @Test func anySequenceOfWords() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...40, using: &generator)
            let text = (0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            ConfigurationProbe.run(Array(text.utf8))
        }
    }

    /// A valid configuration with any one byte removed, doubled or changed never traps.
    @Test func oneByteOff() {
        let text = """
            events {} http { gzip on; types { text/css css; } server { server_name a "b c";
            location ~ \\.php$ { add_header X "${y}"; } include sub/*.conf; } }
            """
        let valid = Array(text.utf8)
        ConfigurationProbe.run(valid)
        for index in valid.indices {
            for replacement in [[], [valid[index], valid[index]], [UInt8(ascii: "{")], [UInt8(ascii: "\"")], [0xFF]] {
                ConfigurationProbe.run(Array(valid[..<index]) + replacement + Array(valid[(index + 1)...]))
            }
        }
    }

    @Test func sizesAndTimesReadBackWhatTheManualWrites() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1000 {
            let value = Int.random(in: 0...Int.max, using: &generator) >> Int.random(in: 0...62, using: &generator)
            #expect(ArgumentTypes.size(ArgumentTypes.describe(size: value)) == value)
            let time = Int64(value) / 1000
            #expect(ArgumentTypes.seconds(ArgumentTypes.describe(seconds: time)) == time)
            let short = time / 1000
            #expect(ArgumentTypes.milliseconds(ArgumentTypes.describe(milliseconds: short)) == short)
        }
    }

    @Test func deepNestingIsRefused() {
        for unit in ["a{", "http { server { location / {", "\"a\" {"] {
            let text = String(repeating: unit, count: 20_000)
            ConfigurationProbe.run(Array(text.utf8))
            #expect(refusal(text) != "accepted")
        }
        let nested = "http { server { " + String(repeating: "location /a { ", count: 200)
        #expect(refusal(nested).contains("nested more than 100 deep"))
    }
}
