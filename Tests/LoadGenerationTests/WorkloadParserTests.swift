import LoadGeneration
import Testing

@Suite("Workload files")
struct WorkloadParserTests {
    private func parse(_ text: String) throws(WorkloadError) -> Workload {
        try WorkloadParser.parse(text) { path in
            path == "picture"
                ? .success([1, 2, 3]) : .failure(WorkloadParser.FileFailure(message: "No such file or directory"))
        }
    }

    @Test("requests with everything")
    func requests() throws {
        let workload = try parse(
            """
            # what visitors do
            every cookie="theme=dark" header="Accept: text/html"

            GET /            weight=10
            POST /comments?a=b   body="author=Ann&text=say \\"hi\\"\\n" type=text/plain header="X-A:  1" # a comment
            PUT /up body-file=picture connections=new
            """)
        let common = [
            LoadRequest.Field(name: "Cookie", value: "theme=dark"), LoadRequest.Field(name: "Accept", value: "text/html"),
        ]
        #expect(workload.units.count == 3)
        #expect(workload.units[0] == LoadUnit(weight: 10, requests: [LoadRequest(target: "/", fields: common)]))
        let post = workload.units[1].requests[0]
        #expect(post.method == "POST" && post.target == "/comments?a=b")
        #expect(String(decoding: post.body, as: UTF8.self) == "author=Ann&text=say \"hi\"\n")
        #expect(
            post.fields == common + [
                LoadRequest.Field(name: "Content-Type", value: "text/plain"), LoadRequest.Field(name: "X-A", value: "1"),
            ])
        #expect(workload.units[2].connections == .new && workload.units[2].requests[0].body == [1, 2, 3])
    }

    @Test("a view is a page and its assets")
    func views() throws {
        let workload = try parse("view weight=3 connections=new parallel=4\n\tGET /page\n  GET /a.css\nend\nGET /other")
        let view = workload.units[0]
        #expect(view.isView && view.weight == 3 && view.connections == .new && view.parallel == 4)
        #expect(view.requests.map(\.target) == ["/page", "/a.css"])
        #expect(!workload.units[1].isView)
    }

    @Test(
        "what is wrong is said with its line",
        arguments: [
            ("", 1, "no request in the file"),
            ("GET", 1, "GET needs a path that begins with /"),
            ("GET foo", 1, "GET needs a path that begins with /"),
            ("\nget /", 2, "\"get\" is neither a method in capital letters nor view, end, every"),
            ("GET / weight=0", 1, "weight= is a number from 1 to 1000000, not \"0\""),
            ("GET / wait=1", 1, "unknown option \"wait=1\""),
            ("GET / parallel=2", 1, "unknown option \"parallel=2\""),
            ("GET / connections=old", 1, "connections= is new or kept"),
            ("GET / header=\"A\"", 1, "header= needs \"Name: value\""),
            ("GET / header=\"A b: c\"", 1, "\"A b: c\" is not a header field"),
            ("GET / cookie=\"a\\nb\"", 1, "\"Cookie: a\nb\" is not a header field"),
            ("GET \"/a b\"", 1, "the path holds a space or control byte"),
            ("GET / body-file=none", 1, "none: No such file or directory"),
            ("GET / body=\"x", 1, "a quotation mark is not closed"),
            ("every weight=1\nGET /", 1, "\"every\" takes header= and cookie=, not \"weight=1\""),
            ("view\nGET /", 1, "this view has no \"end\""),
            ("view\nend", 2, "the view of line 1 is empty"),
            ("view\nview", 2, "a view cannot hold a view; \"end\" is missing"),
            ("view\nGET / weight=2", 2, "\"weight=2\" belongs to the view's line, or is unknown"),
            ("GET /\nend", 2, "\"end\" without a view"),
            ("view\nGET /\nend view", 3, "nothing may follow \"end\""),
        ])
    func errors(text: String, line: Int, message: String) {
        do throws(WorkloadError) {
            _ = try parse(text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect(error.line == line && error.message == message)
        }
    }

    @Test("a request is written as HTTP/1.1 wants it")
    func image() {
        let post = LoadRequest(method: "POST", target: "/x?y", fields: [.init(name: "ACCEPT", value: "a/b")], body: [65, 66])
        #expect(
            String(decoding: post.image(host: "h:1"), as: UTF8.self)
                == "POST /x?y HTTP/1.1\r\nHost: h:1\r\nACCEPT: a/b\r\nUser-Agent: zendan-load\r\nContent-Length: 2\r\n\r\nAB")
        let get = LoadRequest(target: "/")
        #expect(
            String(decoding: get.image(host: "h"), as: UTF8.self)
                == "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: zendan-load\r\nAccept: */*\r\n\r\n")
        #expect(get.isIdempotent && !post.isIdempotent)
    }
}
