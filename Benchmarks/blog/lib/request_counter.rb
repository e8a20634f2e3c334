# frozen_string_literal: true

require 'json'

# Counts what reached the application server, so that a test can tell what the
# front answered by itself. `GET /_count` reads the counters, `DELETE /_count`
# sets them to nothing; neither is counted.
class RequestCounter
  PATH = '/_count'

  def initialize(app)
    @app = app
    @lock = Mutex.new
    clear
  end

  def call(env)
    return answer(env) if env['PATH_INFO'] == PATH

    count(env)
    @app.call(env)
  end

  private

  def clear
    @total = 0
    @paths = Hash.new(0)
    @requests = Hash.new(0)
  end

  def count(env)
    path = env['PATH_INFO']
    query = env['QUERY_STRING'].to_s
    target = query.empty? ? path : "#{path}?#{query}"
    @lock.synchronize do
      @total += 1
      @paths[path] += 1
      @requests["#{env['REQUEST_METHOD']} #{target}"] += 1
    end
  end

  def answer(env)
    text = @lock.synchronize do
      clear if env['REQUEST_METHOD'] == 'DELETE'
      JSON.generate('total' => @total, 'paths' => @paths, 'requests' => @requests)
    end
    [200, { 'Content-Type' => 'application/json', 'Cache-Control' => 'no-store' }, [text]]
  end
end
