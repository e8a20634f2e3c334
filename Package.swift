// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is compiled with the same settings; docs/decisions/0001-build-settings.md says why each is here.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .unsafeFlags(["-enforce-exclusivity=unchecked", "-cross-module-optimization"], .when(configuration: .release)),
]

/// One module of the house. `dependencies` may name modules of lower rows only (DESIGN: Scripts/lint checks it).
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module, with the support that every test may use.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
    name: "zendan",
    products: [
        .executable(name: "zendan", targets: ["zendan"]),
        .executable(name: "zendan-load", targets: ["zendan-load"]),
        .executable(name: "demo-blog", targets: ["demo-blog"]),
    ],
    targets: [
        // 0: the C side: headers of system libraries, and one file of one-line wrappers
        .target(name: "CLinux"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // 1: the kernel in Swift, memory
        module("Platform", ["CLinux"]),
        module("Bytes"),
        // 2: one C library each; logs, counters, histograms
        module("Compression", ["CZlib", "Bytes"]),
        module("Patterns", ["CPCRE2", "Bytes"]),
        module("TLS", ["COpenSSL", "Platform", "Bytes"]),
        module("Observability", ["Platform", "Bytes"]),
        // 3: messages and codecs (pure); epoll, timers, sockets, tasks
        module("HTTP", ["Platform", "Bytes"]),
        module("EventLoops", ["Platform", "Bytes", "TLS"]),
        // 4: rules and state
        module("Configuration", ["Platform", "Bytes", "Patterns"]),
        module("Caching", ["Platform", "Bytes", "Observability", "HTTP", "EventLoops"]),
        module("Upstreams", ["Platform", "Bytes", "Observability", "EventLoops"]),
        // 5: connections, pipeline, exchanges, lifecycle; the load generator
        module(
            "Server",
            [
                "Platform", "Bytes", "TLS", "Patterns", "Compression", "Observability", "HTTP", "EventLoops", "Configuration",
                "Caching",
                "Upstreams",
            ]),
        module("LoadGeneration", ["Platform", "Bytes", "Observability", "HTTP", "EventLoops"]),
        // 6: directives and their behaviour
        module(
            "Features",
            [
                "Platform", "Bytes", "TLS", "Patterns", "Compression", "Observability", "HTTP", "EventLoops", "Configuration",
                "Caching",
                "Upstreams", "Server",
            ]),
        // 7: small mains
        program("zendan", ["Platform", "Bytes", "Configuration", "Server", "Features"]),
        program("zendan-load", ["Platform", "Bytes", "Observability", "LoadGeneration"]),
        program("demo-blog", ["Platform", "Bytes", "HTTP", "EventLoops"]),
        // tests
        .target(name: "TestSupport", dependencies: ["Platform", "Bytes"], path: "Tests/Support", swiftSettings: settings),
        tests("PlatformTests", ["Platform"]),
        tests("BytesTests", ["Bytes"]),
        tests("CompressionTests", ["Compression", "Bytes", "CZlib"]),
        tests("PatternsTests", ["Patterns", "Bytes"]),
        tests("TLSTests", ["TLS", "Platform", "Bytes", "COpenSSL"]),
        tests("ObservabilityTests", ["Observability", "Platform", "Bytes"]),
        tests("HTTPTests", ["HTTP", "Platform", "Bytes"]),
        tests("EventLoopsTests", ["EventLoops", "Platform", "Bytes"]),
        tests("ConfigurationTests", ["Configuration", "Bytes"]),
        tests("CachingTests", ["Caching", "HTTP", "Bytes", "Platform", "EventLoops"]),
        tests("UpstreamsTests", ["Upstreams", "Platform", "Bytes", "EventLoops"]),
        tests(
            "ServerTests",
            ["Server", "Configuration", "HTTP", "Caching", "Upstreams", "EventLoops", "Observability", "Platform", "Bytes"]),
        tests("LoadGenerationTests", ["LoadGeneration", "Observability", "Platform", "Bytes"]),
        tests(
            "FeaturesTests",
            ["Features", "Server", "Configuration", "HTTP", "Upstreams", "EventLoops", "Observability", "Platform", "Bytes"]),
        .testTarget(name: "EndToEnd", dependencies: ["TestSupport", "Platform", "Bytes"], swiftSettings: settings),
    ]
)
