# frozen_string_literal: true

# What only the author sees.
module Admin
  def self.registered(app)
    app.before(%r{/admin(?:/.*)?}) do
      require_user
      require_token unless request.get? || request.head?
    end

    app.get '/admin' do
      @title = 'Admin'
      @comments = store.comments
      erb :admin
    end

    app.post '/admin/posts' do
      post = store.publish(params['title'].to_s, params['text'].to_s)
      flash "Published: #{post.title}"
      redirect to("/posts/#{post.id}"), 303
    end

    app.delete %r{/admin/comments/([1-9][0-9]{0,8})} do |id|
      flash store.remove_comment(id.to_i) ? "Comment #{id} is gone." : "There is no comment #{id}."
      redirect to('/admin'), 303
    end
  end
end
